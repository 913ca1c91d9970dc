--[[
  Lets go of the beginning of a stream that stands in an archive.

  KEYS
    1 head of the stream   2 its log   3 archives (hash: stream → '<to> <digest> <sprint>')
  ARGV
    1 name of the stream   2 last version of the archived part   3 digest   4 sprint

  Answer: version of the stream; nothing was done when it is lower than the version asked for.
  May be sent again: a stream is trimmed to where it was trimmed before.
]]
local found = redis.call('HMGET', KEYS[1], 'v', 'archivedTo')
local version, to = tonumber(found[1] or 0), tonumber(ARGV[2])
if version < to or tonumber(found[2] or 0) > to then return version end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
redis.call('HSET', KEYS[1], 'archivedTo', ARGV[2])
redis.call('XTRIM', KEYS[2], 'MINID', '=', string.format('%d-0', to + 1))
return version
