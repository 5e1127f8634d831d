-- What the three dissectors share: parts of messages by the tables above, each with a field of its own in Wireshark.
-- Places count half bytes, since BCD digits do. No library for bits is used: Lua's differ between versions.

local floor = math.floor
local MASK = 0x2A

local function bytes_of(from, to)
  local first = floor(from / 2)
  return first, floor((to + 1) / 2) - first
end

local function half(tvb, at)
  local byte = tvb(floor(at / 2), 1):uint()
  if at % 2 == 0 then return floor(byte / 16) end
  return byte % 16
end

-- Digits as text; a secret byte has none.
local function digits(tvb, from, to)
  local text = {}
  for at = from, to - 1 do
    local digit = half(tvb, at)
    if tvb(floor(at / 2), 1):uint() == MASK then
      text[#text + 1] = "*"
    elseif digit == 13 then
      text[#text + 1] = "="
    else
      text[#text + 1] = string.format("%X", digit)
    end
  end
  return table.concat(text)
end

local function number_of(text)
  local number = UInt64.new(0)
  for digit in text:gmatch("%d") do
    number = number * UInt64.new(10) + UInt64.new(tonumber(digit))
  end
  return number
end

local function yuan(number)
  local text = tostring(number)
  if #text < 3 then text = string.rep("0", 3 - #text) .. text end
  return " fen (" .. text:sub(1, -3) .. "." .. text:sub(-2) .. " yuan)"
end

local function dashed(text)
  local day = text:sub(1, 4) .. "-" .. text:sub(5, 6) .. "-" .. text:sub(7, 8)
  if #text <= 8 then return day end
  return day .. " " .. text:sub(9, 10) .. ":" .. text:sub(11, 12) .. ":" .. text:sub(13, 14)
end

local function is_masked(range)
  for at = 0, range:len() - 1 do
    if range(at, 1):uint() ~= MASK then return false end
  end
  return range:len() > 0
end

-- All fields of a protocol, by their names.
local function fields_of(proto)
  local known, list = {}, {}
  local all = {}
  function all.declare(key, name, make)
    if not known[key] then
      known[key] = make(proto.name:lower() .. "." .. key, name)
      list[#list + 1] = known[key]
    end
    return known[key]
  end
  function all.get(key) return known[key] end
  function all.finish() proto.fields = list end
  return all
end

local function uint8_words(words)
  return function(abbr, name) return ProtoField.uint8(abbr, name, base.DEC, words) end
end

local MAKE = {
  number = ProtoField.uint32, fen = ProtoField.uint64, fendigits = ProtoField.uint64, fentext = ProtoField.uint64,
  bytes = ProtoField.bytes, restbytes = ProtoField.bytes, none = ProtoField.none, maybe = uint8_words({[0] = "no", "yes"}),
}

local declare_parts

local function declare_part(all, key, name, part)
  local form = part.f
  if form == "code" or form == "choice" then
    all.declare(key, name, uint8_words(part.w))
  elseif form == "flags" then
    all.declare(key, name, function(abbr, title) return ProtoField.uint8(abbr, title, base.HEX) end)
    for bit, flag in ipairs(part.w) do
      all.declare(key .. "." .. flag.k, flag.n, function(abbr, title)
        return ProtoField.bool(abbr, title, 8, nil, 2 ^ (bit - 1))
      end)
    end
  else
    all.declare(key, name, MAKE[form == "repeat" and "none" or form] or ProtoField.string)
  end
  if form == "maybe" then declare_parts(all, part.base, part.parts) end
  if form == "repeat" then declare_parts(all, key, part.parts) end
  if form == "choice" then
    for _, parts in pairs(part.of) do declare_parts(all, part.base, parts) end
  end
end

function declare_parts(all, key, parts)
  for _, part in ipairs(parts) do
    part.base = key
    declare_part(all, part.k == "" and key or key .. "." .. part.k, part.n, part)
  end
end

local SIZE = { fen = 16, date = 8, time = 14, plaintime = 14, code = 2, flags = 2, maybe = 2, choice = 2 }

-- How many half bytes a part takes here; nil: the bytes end within it.
local function size_of(part, tvb, at, stop)
  local form, size = part.f, SIZE[part.f]
  if form == "digits" or form == "fendigits" or form == "digitcode" then size = part.s end
  if form == "rest" or form == "gbk" or form == "restbytes" then size = stop - at end
  if form == "counted" or form == "countedgbk" then
    if at + 2 > stop then return nil end
    size = 2 + 2 * tvb(floor(at / 2), 1):uint()
  end
  size = size or 2 * part.s
  if at + size > stop then return nil end
  return size
end

-- Shows a part; its field has been declared.
local function show(all, tree, key, title, part, tvb, at, size)
  local from, count = bytes_of(at, at + size)
  local range = count > 0 and tvb(from, count) or tvb(math.max(from - 1, 0), 0)
  local field, form = all.get(key), part.f
  local item
  if form == "number" then
    item = tree:add(field, range, range:uint())
  elseif form == "fen" then
    item = tree:add(field, range, range:uint64()):append_text(yuan(range:uint64()))
  elseif form == "fendigits" or form == "fentext" then
    local number = number_of(form == "fentext" and range:string() or digits(tvb, at, at + size))
    item = tree:add(field, range, number):append_text(yuan(number))
  elseif form == "digits" then
    item = tree:add(field, range, digits(tvb, at, at + size))
  elseif form == "digitcode" then
    local code = digits(tvb, at, at + size)
    item = tree:add(field, range, code)
    if part.w[code] then item:append_text(" (" .. part.w[code] .. ")") end
  elseif form == "textcode" then
    local code = count > 0 and range:string() or ""
    item = tree:add(field, range, code)
    if part.w[code] then item:append_text(" (" .. part.w[code] .. ")") end
  elseif form == "text" or form == "rest" then
    item = tree:add(field, range, count > 0 and range:string() or "")
  elseif form == "counted" then
    item = tree:add(field, range, count > 1 and range(1):string() or "")
  elseif form == "gbk" then
    item = count > 0 and tree:add_packet_field(field, range, ENC_GB18030) or tree:add(field, range, "")
  elseif form == "countedgbk" then
    item = count > 1 and tree:add_packet_field(field, range(1), ENC_GB18030) or tree:add(field, range, "")
  elseif form == "date" or form == "time" then
    item = tree:add(field, range, dashed(digits(tvb, at, at + size)))
  elseif form == "plaintime" then
    local text = digits(tvb, at, at + 8)
    for place = 4, 6 do text = text .. string.format("%02d", range(place, 1):uint()) end
    item = tree:add(field, range, dashed(text))
  elseif form == "flags" then
    item = tree:add(field, range)
    for _, flag in ipairs(part.w) do item:add(all.get(key .. "." .. flag.k), range) end
  else
    item = tree:add(field, range)
    if count > 0 and (form == "bytes" or form == "restbytes") and is_masked(range) then item:set_text(title .. ": ***") end
  end
  return item
end

-- Walks through parts from `at` on, and shows them in `tree`, if there is one; returns where they end, nil: they do not fit.
local function walk(all, tree, key, title, parts, tvb, at, stop)
  for _, part in ipairs(parts) do
    local own = part.k == "" and key or key .. "." .. part.k
    if part.f == "repeat" then
      local place = 0
      while at < stop do
        place = place + 1
        local stops = walk(all, nil, own, title, part.parts, tvb, at, stop)
        if not stops then return nil end
        if tree then
          local from, count = bytes_of(at, stops)
          local item = tree:add(all.get(own), tvb(from, count))
          item:append_text(" " .. place)
          walk(all, item, own, title, part.parts, tvb, at, stops)
        end
        at = stops
      end
    else
      local size = size_of(part, tvb, at, stop)
      if not size then return nil end
      if tree then show(all, tree, own, part.k == "" and title or part.n, part, tvb, at, size) end
      local begin = at
      at = at + size
      if part.f == "maybe" or part.f == "choice" then
        local code = tvb(floor(begin / 2), 1):uint()
        local follow
        if part.f == "choice" then
          follow = part.of[code]
        elseif code <= 1 then
          follow = code == 1 and part.parts or {}
        end
        at = follow and walk(all, tree, part.base, title, follow, tvb, at, stop)
        if not at then return nil end
      end
    end
  end
  return at
end

-- Whether bytes are exactly these parts.
local function fits(all, key, parts, tvb, at, stop)
  return walk(all, nil, key, "", parts, tvb, at, stop) == stop
end
