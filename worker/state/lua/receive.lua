-- Keep one verified webhook, all or nothing, in one round trip.
-- KEYS seen, events, counters, shop owners, orders due, trigger, accounts version, products due, products forced, catalogue trigger,
--      shops that push stock, sold trigger, timeline of each order...
-- ARGV shop id, topic, body to keep, seconds to remember, events to keep, account ids (comma-separated), seconds of a trigger,
--      number of orders, notification id, what the timelines say, their length, their seconds to live, order ids..., product ids...
-- Returns {outcome, version of the accounts, and 1 for each task that should be sent: order drain, catalogue drain,
--          look at what was sold}.
local version = redis.call('GET', KEYS[7]) or '0'
local function count(name) redis.call('HINCRBY', KEYS[3], name, 1) end

if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[4]) then
  count('webhooks_duplicate')
  return {'duplicate', version, 0, 0, 0}
end

local owner = redis.call('HGET', KEYS[4], ARGV[1])
local known = owner and string.find(',' .. ARGV[6] .. ',', ',' .. owner .. ',', 1, true)
local outcome = known and 'stored' or 'unknown_shop'
local orders = tonumber(ARGV[8])
local first, last = 13, 12 + orders
local time = redis.call('TIME')
local id = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], '*',
  'shop_id', ARGV[1], 'topic', ARGV[2], 'outcome', outcome, 'notification', ARGV[9],
  'orders', table.concat(ARGV, ',', first, last), 'products', table.concat(ARGV, ',', last + 1), 'body', ARGV[3])
count('webhooks_' .. outcome)
if not known then return {outcome, version, 0, 0, 0} end

local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local entry = string.match(id, '^%d+') .. '|webhook|' .. ARGV[10] .. ', event ' .. id
for i = first, last do
  redis.call('ZADD', KEYS[5], 'LT', now, ARGV[i])
  local timeline = KEYS[i]  -- keys and order ids both begin at 13
  if redis.call('RPUSH', timeline, entry) > tonumber(ARGV[11]) then redis.call('LTRIM', timeline, -ARGV[11], -1) end
  redis.call('EXPIRE', timeline, ARGV[12])
end
for i = last + 1, #ARGV do
  redis.call('ZADD', KEYS[8], 'LT', now, ARGV[i])
  redis.call('SADD', KEYS[9], ARGV[i])  -- what the catalogue knows of it may be outdated: ask TikTok
end
local function trigger(name) return redis.call('SET', name, '1', 'NX', 'EX', ARGV[7]) and 1 or 0 end
-- Only where another shop may sell the same stock it must hear of a sale before Odoo does.
local shared = orders > 0 and redis.call('SCARD', KEYS[11]) > 1
return {
  outcome, version, orders > 0 and trigger(KEYS[6]) or 0, #ARGV > last and trigger(KEYS[10]) or 0,
  shared and trigger(KEYS[12]) or 0
}
