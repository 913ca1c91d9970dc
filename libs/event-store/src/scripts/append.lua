--[[
  Carries out many appends, each all or nothing, in the order in which they are given. Two phases: first every check,
  on heads held in memory; then writes that cannot fail, because the first of them is the only one that Redis may
  refuse (memory full, disk full, replica), and it is refused before anything was written.

  KEYS
    1 meta        hash: position (of the newest event), time (of the newest event, ms), incarnation
    2 all         stream <position>-0: s stream, v version. Never trimmed
    3 feed        stream <position>-0: stream, version, event (CloudEvents JSON). Trimmed
    4 catalogue   set: names of all streams
    5+2i, 6+2i    log and head of stream i (i = 0, 1, …)
                  log:  stream <version>-0: h header, d data
                  head: hash v version, e epoch, s seq (last append of this epoch)

  ARGV
    1 length of the feed   2 channel   3 number of appends
    each append: number of writes
    each write:  i (index of its stream), name of the stream, kind, a, b, number of events
                 kind 'x': exact version a;  'r': the same, and raise the epoch;  'e': epoch a, seq b
    each event:  header without its closing brace, data, CloudEvents JSON up to its data without closing brace

  Answer, one array per append
    {0, position, version, epoch, version, epoch …}   done: position of its last event; of each write, the head afterwards
    {1, write, version}   not at the exact version: number of the write (from 0), version found
    {2, write, epoch}     the epoch is over: epoch found
    {3, write, seq}       the seq does not follow: last seq found
  Errors of Redis (OOM, MISCONF, READONLY …): nothing was written.

  May be sent again: guards make a second time harmless (1, 2 or 3), the caller then looks for its command id.
]]
local call, KEYS, ARGV = redis.call, KEYS, ARGV
local meta, all, feed, catalogue = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

-- Not left to Lua's own conversion, which goes by %.14g and costs as much as a small write.
local format = string.format
local function text(number) return format('%d', number) end

local last = call('HMGET', meta, 'position', 'time')
local position = tonumber(last[1] or 0)
local clock = call('TIME')
local now = math.max(clock[1] * 1000 + math.floor(clock[2] / 1000), tonumber(last[2] or 0))

-- Days since 1970 to a date of the proleptic Gregorian calendar: H. Hinnant, chrono-compatible low-level date algorithms.
local function iso(ms)
  local days, rest = math.floor(ms / 86400000), ms % 86400000
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, doy - math.floor((153 * mp + 2) / 5) + 1,
    math.floor(rest / 3600000), math.floor(rest / 60000) % 60, math.floor(rest / 1000) % 60, rest % 1000)
end

local heads = {}
local function head_of(index, name)
  local head = heads[index]
  if not head then
    local found = call('HMGET', KEYS[6 + 2 * index], 'v', 'e', 's')
    local v = tonumber(found[1] or 0)
    head = { index = index, name = name, new = v == 0, changed = false, fenced = false,
      v = v, e = tonumber(found[2] or 0), s = tonumber(found[3] or 0) }
    heads[index] = head
  end
  return head
end

local function refusal(number, head, kind, a, b)
  if kind ~= 'e' then
    if head.v ~= a then return { 1, number, head.v } end
  elseif head.e ~= a then
    return { 2, number, head.e }
  elseif head.s + 1 ~= b then
    return { 3, number, head.s }
  end
end

local answers, accepted, at = {}, {}, 4
local written = position
for number = 1, tonumber(ARGV[3]) do
  local writes, refused = {}, nil
  local count = tonumber(ARGV[at])
  at = at + 1
  for i = 1, count do
    local head = head_of(tonumber(ARGV[at]), ARGV[at + 1])
    local kind, a, b, events = ARGV[at + 2], tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
    refused = refused or refusal(i - 1, head, kind, a, b)
    writes[i] = { head = head, kind = kind, seq = b, first = at + 6, events = events, version = 0, position = 0, epoch = 0 }
    at = at + 6 + events * 3
  end
  if refused then
    answers[number] = refused
  else
    local answer = { 0, 0, 0, 0 }
    for i = 1, count do
      local write = writes[i]
      local head = write.head
      write.version, write.position = head.v, written
      if write.kind == 'e' then
        head.s, head.fenced = write.seq, true
      elseif write.kind == 'r' then
        head.e, head.s, head.fenced = head.e + 1, 0, true
      end
      head.v = head.v + write.events
      head.changed = head.changed or write.events > 0
      written = written + write.events
      write.epoch = head.e
      answer[1 + 2 * i], answer[2 + 2 * i] = head.v, head.e
      if write.events > 0 then accepted[#accepted + 1] = write end
    end
    answer[2] = written
    answers[number] = answer
  end
end
if #accepted == 0 then return answers end

local refused = redis.pcall('HSET', meta, 'position', text(written), 'time', text(now))
if type(refused) == 'table' and refused.err then return refused end

local time, date, published = text(now), iso(now), {}
for w = 1, #accepted do
  local write = accepted[w]
  local name, log = write.head.name, KEYS[5 + 2 * write.head.index]
  local epoch = write.epoch > 0 and ',"epoch":' .. text(write.epoch) .. '}' or '}'
  for i = 1, write.events do
    local from = write.first + (i - 1) * 3
    local version, place, data = text(write.version + i), text(write.position + i), ARGV[from + 1]
    local header = ARGV[from] .. ',"version":' .. version .. ',"position":' .. place .. ',"time":' .. time .. epoch
    local event = ARGV[from + 2] .. ',"data":' .. data .. ',"time":"' .. date .. '","streamversion":"' .. version
      .. '","position":"' .. place .. '"}'
    call('XADD', log, version .. '-0', 'h', header, 'd', data)
    call('XADD', all, place .. '-0', 's', name, 'v', version)
    call('XADD', feed, place .. '-0', 'stream', name, 'version', version, 'event', event)
    published[#published + 1] = event
  end
end
for index, head in pairs(heads) do
  if head.changed then
    if head.fenced then
      call('HSET', KEYS[6 + 2 * index], 'v', text(head.v), 'e', text(head.e), 's', text(head.s))
    else
      call('HSET', KEYS[6 + 2 * index], 'v', text(head.v))
    end
    if head.new and head.v > 0 then call('SADD', catalogue, head.name) end
  end
end
call('XTRIM', feed, 'MAXLEN', '~', ARGV[1])
for i = 1, #published do redis.pcall('PUBLISH', ARGV[2], published[i]) end
return answers
