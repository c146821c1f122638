-- Give back product variants. KEYS: the hash. ARGV: token, then the variants; those that others hold stay theirs.
for index = 2, #ARGV do
    local entry = redis.call('HGET', KEYS[1], ARGV[index])
    if entry and string.match(entry, ' (%S+)$') == ARGV[1] then
        redis.call('HDEL', KEYS[1], ARGV[index])
    end
end
return redis.status_reply('OK')
