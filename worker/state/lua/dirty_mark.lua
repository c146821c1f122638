-- Make things due: KEYS due, force; ARGV due time ('' = now), '1' to force, ids...
-- An earlier due time stays: marking never postpones what is already waiting.
local now = redis.call('TIME')
local due = tonumber(ARGV[1]) or (tonumber(now[1]) + tonumber(now[2]) / 1000000)
for i = 3, #ARGV do
  redis.call('ZADD', KEYS[1], 'LT', due, ARGV[i])
  if ARGV[2] == '1' then redis.call('SADD', KEYS[2], ARGV[i]) end
end
return #ARGV - 2
