-- Take the product variants of some orders, each order all or none, unless others have them.
-- KEYS: the hash variant -> "<ends> <token>". ARGV: token, now, seconds, least orders, most orders, then for each order:
-- its id, how many variants, the variants. Answers the ids of the orders that were granted; none when they are too few.
local token, now, seconds = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local least, most = tonumber(ARGV[4]), tonumber(ARGV[5])
local held = {}
for _, entry in ipairs({redis.call('HGETALL', KEYS[1])}) do
    for index = 1, #entry, 2 do
        local ends, holder = string.match(entry[index + 1], '^(%S+) (%S+)$')
        if tonumber(ends) > now and holder ~= token then
            held[entry[index]] = true
        end
    end
end
local granted, taken, position = {}, {}, 6
while position <= #ARGV and #granted < most do
    local count, free = tonumber(ARGV[position + 1]), true
    for index = position + 2, position + 1 + count do
        free = free and not held[ARGV[index]]
    end
    if free then
        granted[#granted + 1] = ARGV[position]
        for index = position + 2, position + 1 + count do
            taken[#taken + 1] = ARGV[index]
        end
    end
    position = position + 2 + count
end
if #granted < least then
    return {}
end
for _, variant in ipairs(taken) do
    redis.call('HSET', KEYS[1], variant, string.format('%.3f %s', now + seconds, token))
end
if #taken > 0 then
    redis.call('EXPIRE', KEYS[1], math.ceil(seconds))
end
return granted
