--[[
  Carries out many appends, each all or nothing, in the order in which they are given. Two phases: first every check,
  on heads held in memory; then writes that cannot fail, because the first of them is the only one that Redis may
  refuse (memory full, disk full, replica), and it is refused before anything was written.

  KEYS
    1 meta        hash: position (of the newest event), time (of the newest event, ms), incarnation
    2 all         stream <position>-0: s streams, v versions, both separated by spaces: what was written up to that
                  position, in order. A version n-m stands for several events of its stream. Never trimmed
    3 feed        stream <position>-0: stream, version, event (CloudEvents JSON). Trimmed
    4 catalogue   set: names of all streams
    5+2i, 6+2i    log and head of stream i (i = 0, 1, …)
                  log:  stream <version>-0: h header, d data
                  head: hash v version, e epoch, s seq (last append of this epoch)

  ARGV
    1 length of the feed   2 channel   3 incarnation   4 position that the log is known to have reached
    5 JSON: [names of the streams, appends]
      each append: an array of writes
      each write:  [i (index of its stream), kind, a, b, number of events]
                   kind 'x': exact version a;  'r': the same, and raise the epoch;  'e': epoch a, seq b
    then of each event: header without its closing brace, data, CloudEvents JSON up to its data without closing brace

  Answer, one array per append
    {0, position, version, epoch, version, epoch …}   done: position of its last event; of each write, the head afterwards
    {1, write, version}   not at the exact version: number of the write (from 0), version found
    {2, write, epoch}     the epoch is over: epoch found
    {3, write, seq}       the seq does not follow: last seq found
  Errors of Redis (OOM, MISCONF, READONLY …): nothing was written.
  Error REWOUND <incarnation> <position>: the log is another one or behind what is known of it, as after a failover that
  lost events; nothing was written.

  May be sent again: guards make a second time harmless (1, 2 or 3), the caller then looks for its command id.
]]
local call, KEYS, ARGV = redis.call, KEYS, ARGV
local meta, all, feed, catalogue = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

-- Not left to Lua's own conversion, which goes by %.14g and costs as much as a small write.
local format = string.format
local function text(number) return format('%d', number) end

local last = call('HMGET', meta, 'position', 'time', 'incarnation')
local position = tonumber(last[1] or 0)
if last[3] ~= ARGV[3] or position < tonumber(ARGV[4]) then
  return redis.error_reply('REWOUND ' .. (last[3] or 'none') .. ' ' .. text(position))
end
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

local names, appends = unpack(cjson.decode(ARGV[5]))

local heads = {}
local function head_of(index)
  local head = heads[index]
  if not head then
    local found = call('HMGET', KEYS[6 + 2 * index], 'v', 'e', 's')
    local v = tonumber(found[1] or 0)
    head = { index = index, name = names[index + 1], new = v == 0, changed = false, fenced = false,
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

-- Of each write that will be carried out. In columns: a table for each would cost as much as the write.
local owners, counts, firsts, versions, positions, epochs = {}, {}, {}, {}, {}, {}
local accepted, answers, at, written = 0, {}, 6, position
for number = 1, #appends do
  local writes, answer = appends[number], nil
  for i = 1, #writes do
    local write = writes[i]
    answer = answer or refusal(i - 1, head_of(write[1]), write[2], write[3], write[4])
  end
  local carry = not answer
  answer = answer or { 0, 0, 0, 0 }
  for i = 1, #writes do
    local index, kind, _, seq, events = unpack(writes[i])
    if carry then
      local head = heads[index]
      if events > 0 then
        accepted = accepted + 1
        owners[accepted], counts[accepted], firsts[accepted] = head, events, at
        versions[accepted], positions[accepted] = head.v, written
        head.v, head.changed = head.v + events, true
        written = written + events
      end
      if kind == 'e' then
        head.s, head.fenced = seq, true
      elseif kind == 'r' then
        head.e, head.s, head.fenced = head.e + 1, 0, true
      end
      if events > 0 then epochs[accepted] = head.e end
      answer[1 + 2 * i], answer[2 + 2 * i] = head.v, head.e
    end
    at = at + events * 3
  end
  if carry then answer[2] = written end
  answers[number] = answer
end
if accepted == 0 then return answers end

local refused = redis.pcall('HSET', meta, 'position', text(written), 'time', text(now))
if type(refused) == 'table' and refused.err then return refused end

local time, date, published = text(now), iso(now), {}
local names_written, versions_written = {}, {}
for w = 1, accepted do
  local head, events, version = owners[w], counts[w], versions[w]
  local name, log = head.name, KEYS[5 + 2 * head.index]
  local first = text(version + 1)
  names_written[w] = name
  versions_written[w] = events == 1 and first or first .. '-' .. text(version + events)
  local epoch = epochs[w] > 0 and ',"epoch":' .. text(epochs[w]) .. '}' or '}'
  local from = firsts[w]
  for i = 1, events do
    local number, place, data = i == 1 and first or text(version + i), text(positions[w] + i), ARGV[from + 1]
    local header = ARGV[from] .. ',"version":' .. number .. ',"position":' .. place .. ',"time":' .. time .. epoch
    local event = ARGV[from + 2] .. ',"data":' .. data .. ',"time":"' .. date .. '","streamversion":"' .. number
      .. '","position":"' .. place .. '"}'
    call('XADD', log, number .. '-0', 'h', header, 'd', data)
    call('XADD', feed, place .. '-0', 'stream', name, 'version', number, 'event', event)
    published[#published + 1] = event
    from = from + 3
  end
end
call('XADD', all, text(written) .. '-0', 's', table.concat(names_written, ' '), 'v', table.concat(versions_written, ' '))
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
