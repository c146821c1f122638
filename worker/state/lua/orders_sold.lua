-- Note what orders hold, of those only that are still to be settled: settling one is what ends its hold.
-- An ignored one holds nothing.
-- KEYS due, leased, parked, waiting, units, ignored; ARGV order id, what it holds (JSON), and so on by twos
for i = 1, #ARGV, 2 do
  local id = ARGV[i]
  local open = redis.call('ZSCORE', KEYS[1], id) or redis.call('ZSCORE', KEYS[2], id)
    or redis.call('HEXISTS', KEYS[3], id) == 1 or redis.call('HEXISTS', KEYS[4], id) == 1
  if open and redis.call('HEXISTS', KEYS[6], id) == 0 then
    redis.call('HSET', KEYS[5], id, ARGV[i + 1])
  end
end
return #ARGV / 2
