-- Token bucket, kept as one number: the time at which the bucket would be full again (GCRA). Microseconds throughout.
-- KEYS[1] bucket; ARGV: interval between two calls, burst, longest wait, penalty (0: take a token; else block for so long)
-- Returns how long to wait. A wait beyond the longest takes no token.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local longest, penalty = tonumber(ARGV[3]), tonumber(ARGV[4])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)

local wait
if penalty > 0 then
  full_at = math.max(full_at, now + penalty + (burst - 1) * interval)
  wait = penalty
else
  full_at = full_at + interval
  wait = math.max(0, full_at - burst * interval - now)
  if wait > longest then
    return math.ceil(wait)
  end
end
-- %.0f: tostring would round microseconds since 1970 to 14 digits
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000) + 1000)
return math.ceil(wait)
