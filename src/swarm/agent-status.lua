--[[
Writes the status of one agent field by field, unless what is there is newer.
KEYS[1]  agent:status:<id>, a hash
ARGV[1]  version: position of the newest event that the card was made of
ARGV[2…] field, value, field, value …; an empty value removes the field
Returns  1 written, 0 refused because the hash is newer.
]]
local have = tonumber(redis.call('HGET', KEYS[1], 'version') or '-1')
if have > tonumber(ARGV[1]) then return 0 end
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i]) else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
redis.call('HSET', KEYS[1], 'version', ARGV[1])
return 1
