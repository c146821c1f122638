-- End the lease of one thing and keep what came of it, all or nothing.
-- KEYS due, leased, tokens, crashes, parked, waiting, force, settled, units, ignored, begun
-- ARGV token, id, seconds until due again ('' = not by itself), outcome (done, wait, again, park), entry to keep (JSON),
--      TikTok's update time as it was seen ('' = none), '1' when the claim was forced, '1' when it is suspect
-- Does nothing and returns 0 when the lease has passed to somebody else: what they find out counts.
local id = ARGV[2]
if redis.call('HGET', KEYS[3], id) ~= ARGV[1] then return 0 end
redis.call('ZREM', KEYS[2], id)
redis.call('HDEL', KEYS[3], id)

local outcome, pause = ARGV[4], tonumber(ARGV[3])
local suspect = ARGV[8] == '1'
-- A person wants it left alone since: whatever came of it, it does not come back.
if redis.call('HEXISTS', KEYS[10], id) == 1 then outcome, pause, suspect = 'done', nil, false end

-- A suspect counts as if its worker had vanished: soon it is claimed alone.
if suspect then redis.call('HINCRBY', KEYS[4], id, 1) else redis.call('HDEL', KEYS[4], id) end
if outcome ~= 'again' then
  redis.call('HDEL', KEYS[5], id)
  redis.call('HDEL', KEYS[6], id)
  redis.call('ZREM', KEYS[11], id)
end
if outcome == 'park' then redis.call('HSET', KEYS[5], id, ARGV[5]) end
if outcome == 'wait' then redis.call('HSET', KEYS[6], id, ARGV[5]) end
-- What is settled no longer counts as sold and unknown to Odoo.
if outcome == 'done' then redis.call('HDEL', KEYS[9], id) end
-- A force that was asked for while it was worked on is for the next look at it.
if outcome == 'done' and ARGV[7] == '1' then redis.call('SREM', KEYS[7], id) end
if ARGV[6] ~= '' then redis.call('ZADD', KEYS[8], ARGV[6], id) end

if pause then
  local time = redis.call('TIME')
  redis.call('ZADD', KEYS[1], 'LT', tonumber(time[1]) + tonumber(time[2]) / 1000000 + pause, id)
end
return 1
