--[[
  Gives the newest events of a partition their places in the one order over all partitions, unless they have them already.

  KEYS
    1 reach   hash: position (places given so far), p0, p1 … (position in each partition up to which they were given)
    2 order   stream <last place>-0: p partition, n number of events. Never trimmed
    3 meta    hash of the first partition: incarnation
  ARGV
    1 incarnation   2 number of places that are known to have been given   3 partition   4 position in it

  Answer: {place before, position in the partition before, place now}; both are the same when there was nothing to do.
  Error REWOUND <incarnation> <place>: the order is another one, or behind what is known of it; nothing was written.
  May be sent again.
]]
local found = redis.call('HMGET', KEYS[1], 'position', 'p' .. ARGV[3])
local place, reached = tonumber(found[1] or 0), tonumber(found[2] or 0)
local incarnation = redis.call('HGET', KEYS[3], 'incarnation')
if incarnation ~= ARGV[1] or place < tonumber(ARGV[2]) then
  return redis.error_reply('REWOUND ' .. (incarnation or 'none') .. ' ' .. string.format('%d', place))
end
local count = tonumber(ARGV[4]) - reached
if count <= 0 then return { place, reached, place } end
local now = string.format('%d', place + count)
local refused = redis.pcall('HSET', KEYS[1], 'position', now, 'p' .. ARGV[3], ARGV[4])
if type(refused) == 'table' and refused.err then return refused end
redis.call('XADD', KEYS[2], now .. '-0', 'p', ARGV[3], 'n', string.format('%d', count))
return { place, reached, place + count }
