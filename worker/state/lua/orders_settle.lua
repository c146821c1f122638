-- End the lease of one order: KEYS due, leased, tokens, crashes; ARGV token, order id, seconds until due again ('' = done).
-- Does nothing and returns 0 when the lease has passed to somebody else.
if redis.call('HGET', KEYS[3], ARGV[2]) ~= ARGV[1] then return 0 end
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('HDEL', KEYS[3], ARGV[2])
redis.call('HDEL', KEYS[4], ARGV[2])
local pause = tonumber(ARGV[3])
if pause then
  local time = redis.call('TIME')
  redis.call('ZADD', KEYS[1], 'LT', tonumber(time[1]) + tonumber(time[2]) / 1000000 + pause, ARGV[2])
end
return 1
