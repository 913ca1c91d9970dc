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
    5 JSON: [names of the streams, plan]
      plan, one flat array: of each append the number of its writes, then of each of these five entries,
      i (index of its stream), kind, a, b, number of events
      kind 'x': exact version a;  'r': the same, and raise the epoch;  'e': epoch a, seq b
    then of each event: header without its closing brace, data, CloudEvents JSON up to its data without closing brace

  Answer, one flat array: a table for each append would cost Redis as much as a write. Of each append
    0, position, version, epoch, version, epoch …   done: position of its last event; of each write, the head afterwards
    1, write, version   not at the exact version: number of the write (from 0), version found
    2, write, epoch     the epoch is over: epoch found
    3, write, seq       the seq does not follow: last seq found
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

local names, plan = unpack(cjson.decode(ARGV[5]))

local heads = {}
local function head_of(index)
  local head = heads[index]
  if not head then
    local found = call('HMGET', KEYS[6 + 2 * index], 'v', 'e', 's')
    local v, e = tonumber(found[1] or 0), tonumber(found[2] or 0)
    -- What it will be, and beside it how far the writing of its events has come.
    head = { v = v, e = e, s = tonumber(found[3] or 0), version = v, epoch = e }
    heads[index] = head
  end
  return head
end

-- Code and what was found, where a write is not to be carried out.
local function refusal(head, kind, a, b)
  if kind ~= 'e' then
    if head.v ~= a then return 1, head.v end
  elseif head.e ~= a then
    return 2, head.e
  elseif head.s + 1 ~= b then
    return 3, head.s
  end
end

-- The writes of one append begin at `first` in the plan, and every fifth place until `last`.
local function check(first, last)
  for at = first, last, 5 do
    local code, found = refusal(head_of(plan[at]), plan[at + 1], plan[at + 2], plan[at + 3])
    if code then return code, (at - first) / 5, found end
  end
end

local top = position
local function take(first, last)
  for at = first, last, 5 do
    local head, kind, events = heads[plan[at]], plan[at + 1], plan[at + 4]
    head.v, top = head.v + events, top + events
    if kind == 'e' then
      head.s, head.fenced = plan[at + 3], true
    elseif kind == 'r' then
      head.e, head.s, head.fenced = head.e + 1, 0, true
    end
  end
end

local answers, filled = {}, 0
local function tell(value)
  filled = filled + 1
  answers[filled] = value
end

local taken, number, step = {}, 0, 1
while plan[step] do
  local first, last = step + 1, step + 5 * plan[step]
  local code, write, found = check(first, last)
  if code then
    tell(code)
    tell(write)
    tell(found)
  else
    take(first, last)
    tell(0)
    tell(top)
    for at = first, last, 5 do
      tell(heads[plan[at]].v)
      tell(heads[plan[at]].e)
    end
  end
  number, step = number + 1, last + 1
  taken[number] = not code
end
if top == position then return answers end

local time = text(now)
local refused = redis.pcall('HSET', meta, 'position', text(top), 'time', time)
if type(refused) == 'table' and refused.err then return refused end

local stamp, dated = ',"time":' .. time, ',"time":"' .. iso(now) .. '","streamversion":"'
local published, owners, versions, written = {}, {}, {}, 0
local function record(index, events, from)
  local head, log, name = heads[index], KEYS[5 + 2 * index], names[index + 1]
  local rest = stamp .. (head.epoch > 0 and ',"epoch":' .. text(head.epoch) .. '}' or '}')
  local first, version
  for event = from, from + 3 * events - 3, 3 do
    head.version, position = head.version + 1, position + 1
    version = text(head.version)
    first = first or version
    local place, data = text(position), ARGV[event + 1]
    local header = ARGV[event] .. ',"version":' .. version .. ',"position":' .. place .. rest
    local json = ARGV[event + 2] .. ',"data":' .. data .. dated .. version .. '","position":"' .. place .. '"}'
    call('XADD', log, version .. '-0', 'h', header, 'd', data)
    call('XADD', feed, place .. '-0', 'stream', name, 'version', version, 'event', json)
    published[#published + 1] = json
  end
  head.last, head.new = version, head.new or first == '1'
  written = written + 1
  owners[written], versions[written] = name, events == 1 and version or first .. '-' .. version
end

local from = 6
step = 1
for append = 1, number do
  local first, last = step + 1, step + 5 * plan[step]
  for at = first, last, 5 do
    local index, events = plan[at], plan[at + 4]
    if taken[append] then
      if plan[at + 1] == 'r' then heads[index].epoch = heads[index].epoch + 1 end
      if events > 0 then record(index, events, from) end
    end
    from = from + 3 * events
  end
  step = last + 1
end
call('XADD', all, text(top) .. '-0', 's', table.concat(owners, ' '), 'v', table.concat(versions, ' '))
for index, head in pairs(heads) do
  if head.last then
    local key = KEYS[6 + 2 * index]
    if head.fenced then
      call('HSET', key, 'v', head.last, 'e', text(head.e), 's', text(head.s))
    else
      call('HSET', key, 'v', head.last)
    end
    if head.new then call('SADD', catalogue, names[index + 1]) end
  end
end
call('XTRIM', feed, 'MAXLEN', '~', ARGV[1])
for i = 1, #published do redis.pcall('PUBLISH', ARGV[2], published[i]) end
return answers
