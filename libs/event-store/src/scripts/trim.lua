--[[
  Lets go of the beginnings of streams that stand in an archive: of all or of none.

  KEYS
    1 archives     hash: stream → '<to> <digest> <sprint>'
    2i, 2i+1       head and log of stream i (i = 1, 2, …)
  ARGV, for each stream
    name, last version of the archived part, digest, sprint

  Answer
    {}                       done
    {number, version}        stream number i is only that long: nothing was done
  May be sent again: a stream that was let go of further stays so.
]]
local streams = #ARGV / 4
for i = 1, streams do
  local version = tonumber(redis.call('HGET', KEYS[2 * i], 'v') or 0)
  if version < tonumber(ARGV[4 * i - 2]) then return { i, version } end
end
for i = 1, streams do
  local head, log, to = KEYS[2 * i], KEYS[2 * i + 1], tonumber(ARGV[4 * i - 2])
  if tonumber(redis.call('HGET', head, 'archivedTo') or 0) <= to then
    redis.call('HSET', KEYS[1], ARGV[4 * i - 3], ARGV[4 * i - 2] .. ' ' .. ARGV[4 * i - 1] .. ' ' .. ARGV[4 * i])
    redis.call('HSET', head, 'archivedTo', ARGV[4 * i - 2])
    redis.call('XTRIM', log, 'MINID', '=', string.format('%d-0', to + 1))
  end
end
return {}
