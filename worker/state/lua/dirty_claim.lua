-- Lease due things to one worker: KEYS due, leased, tokens, crashes, begun; ARGV limit, lease seconds, token.
-- Returns {id, crashes, since when it is due, and so on by threes}. Redis's clock decides, so a worker whose clock is wrong does no harm.
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000

-- Things of a worker that vanished are due again. Each such end is counted: one that kills workers must not
-- go on doing so for ever.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
  redis.call('ZREM', KEYS[2], id)
  redis.call('HDEL', KEYS[3], id)
  redis.call('HINCRBY', KEYS[4], id, 1)
  redis.call('ZADD', KEYS[1], 'LT', now, id)
end

-- Whoever took something out of the other sets by another way must not make it look late for ever.
local oldest = redis.call('ZRANGE', KEYS[5], 0, 0)[1]
if oldest and not redis.call('ZSCORE', KEYS[1], oldest) and not redis.call('ZSCORE', KEYS[2], oldest) then
  redis.call('ZREM', KEYS[5], oldest)
end

-- What came to nothing before takes its old place in the line: it has waited longest, and thousands may have come since.
for _, id in ipairs(redis.call('ZRANGE', KEYS[5], 0, 999)) do
  local due = redis.call('ZSCORE', KEYS[1], id)
  if due and tonumber(due) <= now then
    redis.call('ZADD', KEYS[1], 'LT', redis.call('ZSCORE', KEYS[5], id), id)
  end
end

local limit = tonumber(ARGV[1])
local claimed = {}
local offset = 0
while #claimed < 2 * limit do
  local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', offset, limit)
  if #ids == 0 then break end
  offset = offset + #ids
  for _, id in ipairs(ids) do
    if #claimed < 2 * limit and not redis.call('ZSCORE', KEYS[2], id) then
      local crashes = tonumber(redis.call('HGET', KEYS[4], id) or '0')
      -- A suspect is worked on alone, so that it cannot take others down with it.
      if crashes < 2 then
        table.insert(claimed, id)
        table.insert(claimed, tostring(crashes))
      elseif #claimed == 0 then
        claimed = {id, tostring(crashes)}
        limit = 1
      end
    end
  end
end

local answer = {}
for i = 1, #claimed, 2 do
  -- The time at which it first became due stays until it is settled, however often it has to be tried.
  redis.call('ZADD', KEYS[5], 'NX', redis.call('ZSCORE', KEYS[1], claimed[i]), claimed[i])
  table.insert(answer, claimed[i])
  table.insert(answer, claimed[i + 1])
  table.insert(answer, redis.call('ZSCORE', KEYS[5], claimed[i]))
  redis.call('ZREM', KEYS[1], claimed[i])
  redis.call('ZADD', KEYS[2], now + tonumber(ARGV[2]), claimed[i])
  redis.call('HSET', KEYS[3], claimed[i], ARGV[3])
end
return answer
