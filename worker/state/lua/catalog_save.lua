-- Keep SKUs with what they are bound to, and the index from product variant to them, all or nothing.
-- KEYS skus, variants, unbound
-- ARGV sku id, TikTok's product id, variant id ('' = unbound), entry (JSON; '' = forget the SKU), and so on by fours
-- Unbound are the SKUs that are listed and bound to nothing, so that they can be counted without reading all.
-- The index holds, for each variant, ' product:sku product:sku ... '.
for i = 1, #ARGV, 4 do
  local sku, product, variant, entry = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local word = product .. ':' .. sku
  local before = redis.call('HGET', KEYS[1], sku)
  if before then
    local known = cjson.decode(before)
    local bound = known['variant_id']
    if bound and bound ~= cjson.null then
      local field = string.format('%.0f', bound)
      local old = known['product_id'] .. ':' .. sku
      local kept = {}
      for each in string.gmatch(redis.call('HGET', KEYS[2], field) or '', '%S+') do
        if each ~= old then table.insert(kept, each) end
      end
      if #kept > 0 then redis.call('HSET', KEYS[2], field, table.concat(kept, ' ')) else redis.call('HDEL', KEYS[2], field) end
    end
  end
  if entry ~= '' and variant == '' then redis.call('SADD', KEYS[3], sku) else redis.call('SREM', KEYS[3], sku) end
  if entry == '' then
    redis.call('HDEL', KEYS[1], sku)
  else
    redis.call('HSET', KEYS[1], sku, entry)
    if variant ~= '' then
      local others = redis.call('HGET', KEYS[2], variant)
      redis.call('HSET', KEYS[2], variant, others and (others .. ' ' .. word) or word)
    end
  end
end
return #ARGV / 4
