-- Add to the timelines of orders: KEYS one list an order; ARGV seconds to keep, minus the entries to keep, then for each
-- order its new entries, one a line. An entry that says what the last one said takes its place.
local function said(entry) return string.match(entry, '|.*') end
for i, name in ipairs(KEYS) do
  for entry in string.gmatch(ARGV[i + 2], '[^\n]+') do
    local last = redis.call('LINDEX', name, -1)
    if last and said(last) == said(entry) then
      redis.call('LSET', name, -1, entry)
    else
      redis.call('RPUSH', name, entry)
    end
  end
  redis.call('LTRIM', name, ARGV[2], -1)
  redis.call('EXPIRE', name, ARGV[1])
end
return #KEYS
