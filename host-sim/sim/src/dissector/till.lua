-- Frames between till and terminal: 00, COBS of (peer 1, length 2, payload), check 3, 00; and what they carry.

local till = Proto("qiyong.till", "Qiyong till and terminal")
local till_all = fields_of(till)
till_all.declare("stuffed", "stuffed bytes", ProtoField.bytes)
till_all.declare("check", "check", ProtoField.bytes)
till_all.declare("peer", "peer", uint8_words(PEERS))
till_all.declare("length", "length", ProtoField.uint16)
till_all.declare("letter", "letter", ProtoField.string)
till_all.declare("undecoded", "not decoded", ProtoField.bytes)
for _, message in pairs(MESSAGES) do declare_parts(till_all, message.k, message.parts) end
till_all.finish()
local bad_frame = ProtoExpert.new("qiyong.till.wrong", "Not a frame of ours", expert.group.MALFORMED, expert.severity.ERROR)
till.experts = { bad_frame }

local function xor(a, b)
  local sum, bit = 0, 1
  while a > 0 or b > 0 do
    if a % 2 ~= b % 2 then sum = sum + bit end
    a, b, bit = floor(a / 2), floor(b / 2), bit * 2
  end
  return sum
end

-- CRC-16/IBM-SDLC.
local function crc_of(bytes, from, to)
  local crc = 0xFFFF
  for at = from, to do
    crc = xor(crc, bytes:get_index(at))
    for _ = 1, 8 do
      local odd = crc % 2 == 1
      crc = floor(crc / 2)
      if odd then crc = xor(crc, 0x8408) end
    end
  end
  return xor(crc, 0xFFFF)
end

-- The bytes without their stuffing; nil: they are not COBS.
local function unstuffed(bytes, from, to)
  local out, at = {}, from
  while at <= to do
    local code = bytes:get_index(at)
    if code == 0 or at + code > to + 1 then return nil end
    for place = at + 1, at + code - 1 do out[#out + 1] = string.format("%02X", bytes:get_index(place)) end
    at = at + code
    if code < 255 and at <= to then out[#out + 1] = "00" end
  end
  return table.concat(out)
end

local function no_frame(tree, tvb, why)
  tree:add(till_all.get("undecoded"), tvb()):add_proto_expert_info(bad_frame, why)
  return tvb:len()
end

function till.dissector(tvb, pinfo, parent)
  pinfo.cols.protocol = "Qiyong till"
  local tree = parent:add(till, tvb())
  local bytes, last = tvb():bytes(), tvb:len() - 1
  if last < 8 or bytes:get_index(0) ~= 0 or bytes:get_index(last) ~= 0 then
    return no_frame(tree, tvb, "a frame is between two 00")
  end
  local crc = crc_of(bytes, 1, last - 4)
  local check = { 128 + floor(crc / 1024), 128 + floor(crc / 32) % 32, 128 + crc % 32 }
  for place = 1, 3 do
    if bytes:get_index(last - 4 + place) ~= check[place] then return no_frame(tree, tvb, "the check is wrong") end
  end
  local plain = unstuffed(bytes, 1, last - 4)
  if not plain then return no_frame(tree, tvb, "this is not COBS") end
  tree:add(till_all.get("stuffed"), tvb(1, last - 4))
  tree:add(till_all.get("check"), tvb(last - 3, 3))
  local inner = ByteArray.new(plain):tvb("frame without stuffing")
  if inner:len() < 3 or inner(1, 2):uint() + 3 ~= inner:len() then
    return no_frame(tree, tvb, "the length is not that of the payload")
  end
  tree:add(till_all.get("peer"), inner(0, 1))
  tree:add(till_all.get("length"), inner(1, 2))
  local words = PEERS[inner(0, 1):uint()]
  if words == "centre" then
    if inner:len() == 3 then
      words = "centre: no answer"
    else
      words = "centre: " .. one_message(inner(3):tvb(), pinfo, tree)
    end
  else
    local letter = inner:len() > 3 and inner(3, 1):string() or ""
    local message = MESSAGES[letter]
    local stop = 2 * inner:len()
    if not message or not fits(till_all, message.k, message.parts, inner, 8, stop) then
      return no_frame(tree, tvb, "no message of till or terminal is like this")
    end
    tree:add(till_all.get("letter"), inner(3, 1), letter):append_text(" (" .. message.n .. ")")
    walk(till_all, tree, message.k, message.n, message.parts, inner, 8, stop)
    words = message.n
  end
  tree:append_text(": " .. words)
  pinfo.cols.info = words
  return tvb:len()
end
