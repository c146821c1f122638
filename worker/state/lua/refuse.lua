-- Count one refused webhook and, unless too many were noted within the second, note it. One round trip.
-- KEYS counters, refused, notes of this second
-- ARGV name, most notes a second, notes to keep, status, size, network
redis.call('HINCRBY', KEYS[1], 'webhooks_' .. ARGV[1], 1)
local notes = redis.call('INCR', KEYS[3])
if notes == 1 then redis.call('EXPIRE', KEYS[3], 1) end
if notes > tonumber(ARGV[2]) then
  redis.call('HINCRBY', KEYS[1], 'webhooks_refused_not_noted', 1)
  return 0
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'name', ARGV[1], 'status', ARGV[4], 'size', ARGV[5], 'network', ARGV[6])
return 1
