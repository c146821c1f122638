-- Leave orders alone, all or nothing.
-- KEYS ignored, due, parked, waiting, units, force, crashes, begun; ARGV entry (JSON), ids...
-- A lease is left to end by itself: dirty_settle sees that the order is ignored.
for i = 2, #ARGV do
  local id = ARGV[i]
  redis.call('HSET', KEYS[1], id, ARGV[1])
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[8], id)
  redis.call('SREM', KEYS[6], id)
  for _, hash in ipairs({KEYS[3], KEYS[4], KEYS[5], KEYS[7]}) do redis.call('HDEL', hash, id) end
end
return #ARGV - 1
