-- Keep one verified webhook, all or nothing, in one round trip.
-- KEYS seen, events, counters, shop owners, due, trigger, accounts version
-- ARGV shop id, topic, body to keep, seconds to remember, events to keep, account ids (comma-separated), seconds of a trigger, order ids...
-- Returns {outcome, 1 when a drain should be started, version of the accounts}.
local version = redis.call('GET', KEYS[7]) or '0'
local function count(name) redis.call('HINCRBY', KEYS[3], name, 1) end

if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[4]) then
  count('webhooks_duplicate')
  return {'duplicate', 0, version}
end

local owner = redis.call('HGET', KEYS[4], ARGV[1])
local known = owner and string.find(',' .. ARGV[6] .. ',', ',' .. owner .. ',', 1, true)
local outcome = known and 'stored' or 'unknown_shop'
local time = redis.call('TIME')
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], '*',
  'shop_id', ARGV[1], 'topic', ARGV[2], 'outcome', outcome, 'body', ARGV[3])
count('webhooks_' .. outcome)
if not known or #ARGV < 8 then return {outcome, 0, version} end

local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
for i = 8, #ARGV do redis.call('ZADD', KEYS[5], 'LT', now, ARGV[i]) end
local trigger = redis.call('SET', KEYS[6], '1', 'NX', 'EX', ARGV[7])
return {outcome, trigger and 1 or 0, version}
