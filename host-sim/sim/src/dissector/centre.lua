-- Messages between terminal and centre: ISO 8583 in UnionPay's form, length 2, TPDU 5, header 6, type 2, bitmap 8, fields, F64.

local centre = Proto("qiyong.centre", "Qiyong terminal and centre, ISO 8583")
local centre_all = fields_of(centre)
local HEAD = {
  { k = "length", n = "length", f = "number", s = 2 }, { k = "tpdu", n = "TPDU", f = "bytes", s = 5 },
  { k = "header", n = "header", f = "bytes", s = 6 }, { k = "mti", n = "message type", f = "digits", s = 4 },
  { k = "bitmap", n = "bitmap", f = "bytes", s = 8 },
}
local START, CODE = 23, 8
for _, part in ipairs(HEAD) do declare_part(centre_all, part.k, part.n, part) end
for number, field in pairs(FIELDS) do
  local key = "f" .. number
  if field.one then
    declare_part(centre_all, key, field.n, field.one)
  else
    centre_all.declare(key, field.n, ProtoField.none)
  end
  for _, variant in ipairs(field.variants or {}) do declare_parts(centre_all, key, variant.parts) end
  for tag, object in pairs(field.objects or {}) do
    local own = key .. "." .. string.format("%x", tag)
    for _, parts in ipairs(object.variants) do
      if #parts == 1 and parts[1].k == "" then
        parts[1].base = own
        declare_part(centre_all, own, object.n, parts[1])
      else
        centre_all.declare(own, object.n, ProtoField.none)
        declare_parts(centre_all, own, parts)
      end
    end
  end
end
centre_all.declare("undecoded", "not decoded", ProtoField.bytes)
centre_all.declare("hidden", "not shown", ProtoField.bytes)
centre_all.finish()
local wrong = ProtoExpert.new("qiyong.centre.wrong", "Not a message of ours", expert.group.MALFORMED, expert.severity.ERROR)
centre.experts = { wrong }
centre.prefs.port = Pref.uint("TCP port", 8583, "Where the centre listens for terminals")

-- What is left of a field that no table explains. A capture hides what it cannot explain itself.
local function unexplained(tree, range, why)
  if is_masked(range) then
    tree:add(centre_all.get("hidden"), range):set_text("not shown: ***")
  else
    tree:add(centre_all.get("undecoded"), range):add_proto_expert_info(wrong, why)
  end
end

-- The objects of a field.
local function show_objects(tree, number, field, tvb, from, stop)
  local at = from
  while at < stop do
    local begin = at
    local tag = tvb(at, 1):uint()
    at = at + 1
    if tag ~= 0 and tag ~= 255 then
      if tag % 32 == 31 then
        repeat
          if at >= stop then return unexplained(tree, tvb(begin, stop - begin), "an object is cut short") end
          local more = tvb(at, 1):uint()
          tag = tag * 256 + more
          at = at + 1
        until more < 128
      end
      if at >= stop then return unexplained(tree, tvb(begin, stop - begin), "an object is cut short") end
      local length = tvb(at, 1):uint()
      at = at + 1
      if length > 127 then
        local count = length - 128
        if count < 1 or count > 3 or at + count > stop then
          return unexplained(tree, tvb(begin, stop - begin), "an object has a length that is none")
        end
        length = tvb(at, count):uint()
        at = at + count
      end
      if at + length > stop then return unexplained(tree, tvb(begin, stop - begin), "an object is cut short") end
      local object, chosen = field.objects[tag], nil
      local key = "f" .. number .. "." .. string.format("%x", tag)
      for _, parts in ipairs(object and object.variants or {}) do
        if not chosen and fits(centre_all, key, parts, tvb, 2 * at, 2 * (at + length)) then chosen = parts end
      end
      if not chosen then
        local item = tree:add(tvb(begin, at + length - begin), string.format("%X", tag))
        if length > 0 then unexplained(item, tvb(at, length), "no table has such an object") end
      elseif #chosen == 1 and chosen[1].k == "" then
        show(centre_all, tree, key, object.n, chosen[1], tvb, 2 * at, 2 * length)
      else
        local item = tree:add(centre_all.get(key), tvb(begin, at + length - begin))
        walk(centre_all, item, key, object.n, chosen, tvb, 2 * at, 2 * (at + length))
      end
      at = at + length
    end
  end
end

-- The digits of F60, which say what a message is for.
local function kind_of(tvb, places)
  local place = places[60]
  if not place or place.stop - place.from ~= 11 then return nil end
  local text = digits(tvb, place.from, place.stop)
  return tonumber(text:sub(1, 2)), tonumber(text:sub(9, 11))
end

local function words_of(mti, sort, network)
  local asked = mti
  local answers = floor(mti / 16) % 2 == 1
  if answers then asked = mti - 16 end
  for _, name in ipairs(NAMES) do
    if name.mti == asked and name.sort == sort and name.network == network then
      return name.n .. (answers and ", answered" or "")
    end
  end
  return string.format("message %04X", mti)
end

-- Finds all fields; returns their places, and the first byte behind them that cannot be read.
local function places_of(tvb, stop)
  local places, order, at = {}, {}, START
  for number = 2, 63 do
    local byte = tvb(15 + floor((number - 1) / 8), 1):uint()
    if floor(byte / 2 ^ (7 - (number - 1) % 8)) % 2 == 1 then
      local field = FIELDS[number]
      if not field or not field.content then return places, order, at end
      local begin, count = at, field.size
      if field.length > 0 then
        if at + field.length > stop then return places, order, at end
        count = tonumber(digits(tvb, 2 * at, 2 * (at + field.length)))
        at = at + field.length
      end
      if not count or count > field.size then return places, order, begin end
      local halves = field.content == "digits" and count or 2 * count
      local ends = at + floor((halves + 1) / 2)
      if ends > stop then return places, order, begin end
      places[number] = { begin = begin, from = 2 * at, stop = 2 * at + halves, ends = ends }
      order[#order + 1] = number
      at = ends
    end
  end
  return places, order, at
end

local function show_field(tree, number, place, tvb, mti, network)
  local field, key = FIELDS[number], "f" .. number
  if field.one then
    return show(centre_all, tree, key, field.n, field.one, tvb, place.from, place.stop - place.from)
  end
  local item = tree:add(centre_all.get(key), tvb(place.begin, place.ends - place.begin))
  if field.objects then return show_objects(item, number, field, tvb, floor(place.from / 2), place.ends) end
  for _, variant in ipairs(field.variants) do
    if (not variant.mti or variant.mti == mti) and (not variant.network or variant.network == network)
       and fits(centre_all, key, variant.parts, tvb, place.from, place.stop) then
      return walk(centre_all, item, key, field.n, variant.parts, tvb, place.from, place.stop)
    end
  end
  local first, count = bytes_of(place.from, place.stop)
  if count > 0 then unexplained(item, tvb(first, count), "none of our messages has such a field") end
end

-- One whole message; returns its words.
local function one_message(tvb, pinfo, parent)
  local tree = parent:add(centre, tvb())
  if tvb:len() < START or (tvb:len() ~= tvb(0, 2):uint() + 2) then
    unexplained(tree, tvb(), "the message ends before its bitmap, or its length is wrong")
    return "no message"
  end
  local at = 0
  for _, part in ipairs(HEAD) do
    local size = size_of(part, tvb, at, 2 * START)
    show(centre_all, tree, part.k, part.n, part, tvb, at, size)
    at = at + size
  end
  local stop = tvb:len()
  local coded = tvb(22, 1):uint() % 2 == 1
  if coded then stop = stop - CODE end
  local places, order, left = places_of(tvb, stop)
  local sort, network = kind_of(tvb, places)
  local mti = tvb(13, 2):uint()
  local words = words_of(mti, sort, network)
  tree:append_text(": " .. words)
  for _, number in ipairs(order) do show_field(tree, number, places[number], tvb, mti, network) end
  if left < stop then unexplained(tree, tvb(left, stop - left), "the rest cannot be read") end
  if coded and stop >= START then
    tree:add(centre_all.get("f64"), tvb(stop, CODE), tvb(stop, CODE):string())
  end
  return words
end

function centre.dissector(tvb, pinfo, tree)
  local at, words = 0, {}
  pinfo.cols.protocol = "Qiyong centre"
  while at < tvb:len() do
    local left = tvb:len() - at
    local whole = left >= 2 and tvb(at, 2):uint() + 2 or nil
    if (not whole or whole > left) and pinfo.can_desegment > 0 then
      pinfo.desegment_offset = at
      pinfo.desegment_len = whole and whole - left or DESEGMENT_ONE_MORE_SEGMENT
      return tvb:len()
    end
    local count = math.min(whole or left, left)
    words[#words + 1] = one_message(tvb(at, count):tvb(), pinfo, tree)
    at = at + count
  end
  pinfo.cols.info = table.concat(words, "; ")
  return tvb:len()
end

local port = 0
local function listen()
  if port > 0 then DissectorTable.get("tcp.port"):remove(port, centre) end
  port = centre.prefs.port
  if port > 0 then DissectorTable.get("tcp.port"):add(port, centre) end
end
centre.prefs_changed = listen
listen()
