-- Commands to a social security card and its answers: as GSMTAP has them (joined), and each by itself (user link types 0 and 1).

local card = Proto("qiyong.card", "Social security card")
local card_all = fields_of(card)
local function hex8(abbr, name) return ProtoField.uint8(abbr, name, base.HEX) end
for _, field in ipairs({
  { "cla", "CLA", hex8 }, { "ins", "INS", hex8 }, { "p1", "P1", hex8 }, { "p2", "P2", hex8 },
  { "p3", "P3", hex8 }, { "lc", "Lc", hex8 }, { "le", "Le", hex8 },
  { "extended_lc", "Lc, extended", ProtoField.bytes }, { "extended_le", "Le, extended", ProtoField.bytes },
  { "command", "command", ProtoField.string }, { "data", "command data", ProtoField.bytes },
  { "file", "file", ProtoField.string }, { "response", "response data", ProtoField.bytes },
  { "tag", "tag", hex8 }, { "size", "length of the value", ProtoField.uint8 }, { "record", "record", ProtoField.string },
  { "value", "value", ProtoField.string }, { "object", "data object", ProtoField.bytes },
  { "sw", "status word", function(abbr, name) return ProtoField.uint16(abbr, name, base.HEX) end },
  { "answer_to", "answer to", ProtoField.string }, { "meaning", "meaning", ProtoField.string },
  { "undecoded", "not decoded", ProtoField.bytes },
}) do card_all.declare(field[1], field[2], field[3]) end
card_all.finish()
local bad_apdu = ProtoExpert.new("qiyong.card.wrong", "Not a command or answer", expert.group.MALFORMED, expert.severity.ERROR)
card.experts = { bad_apdu }
card.prefs.gsmtap = Pref.bool("GSMTAP", true, "Take SIM traces in GSMTAP for those of a social security card")

-- What is known of a card: by the way it was captured. Wireshark dissects a packet more than once: what it followed is kept.
local known, kept = {}, {}
function card.init() known, kept = {}, {} end

local function state_of(way)
  known[way] = known[way] or { df = "ssse" }
  return known[way]
end

local function meaning_of(sw)
  for _, row in ipairs(WORDS) do
    if sw >= row[1] and sw <= row[2] then return row[3] end
  end
  return "?"
end

local function hex_of(range) return range:bytes():tohex() end

local function command_of(ins, p1, data)
  local command = COMMANDS[ins] or { n = "unknown command", w = { "P1", "P2", "command data", "response data" } }
  local name = command.p1 and command.p1[p1] or command.n
  if ins == SELECT and data then
    for _, row in ipairs(SELECTIONS) do
      if (row.p1 == nil or row.p1 == p1) and (row.whole and data == row.data or not row.whole and data:sub(1, #row.data) == row.data) then
        return command, row.n
      end
    end
  end
  return command, name
end

local function file_of(df, fid)
  local file = FILES[df] and FILES[df][fid]
  if file then return file end
  return FILES.ssse[fid]
end

-- What a SELECT leads to: the application, and the file in it.
local function selected(data, state)
  if data == SSSE_NAME then return "ssse", nil, "SSSE" end
  if data:sub(1, #RID) == RID and #data > #RID then
    local df = string.format("df%02x", tonumber(data:sub(#RID + 1, #RID + 2), 16) + 1)
    return df, nil, df:upper()
  end
  if #data ~= 4 then return state.df, nil, data end
  if data == MF then return "mf", nil, "MF" end
  if data:sub(1, 2) == "DF" then return data:lower():gsub("^df", "df"), nil, data end
  local file = file_of(state.df, data)
  return state.df, data, data .. (file and " " .. file.n .. (file.zh ~= "" and " " .. file.zh or "") or "")
end

-- The head of a command with its data; returns what the answer must know.
local function show_command(tree, tvb, at, count, data_at, data_count, state)
  local ins, p1 = tvb(at + 1, 1):uint(), tvb(at + 2, 1):uint()
  local data = data_count > 0 and hex_of(tvb(data_at, data_count)) or nil
  local command, name = command_of(ins, p1, data)
  local about = { ins = ins, name = name, command = command, df = state.df, fid = state.fid }
  tree:add(card_all.get("command"), tvb(at, count), name):set_generated()
  tree:add(card_all.get("cla"), tvb(at, 1))
  tree:add(card_all.get("ins"), tvb(at + 1, 1)):append_text(" (" .. name .. ")")
  tree:add(card_all.get("p1"), tvb(at + 2, 1)):append_text(" (" .. command.w[1] .. ")")
  tree:add(card_all.get("p2"), tvb(at + 3, 1)):append_text(" (" .. command.w[2] .. ")")
  if ins == SELECT and data then
    local df, fid, words = selected(data, state)
    about.next = { df = df, fid = fid }
    about.words = words
    tree:add(card_all.get("file"), tvb(data_at, data_count), words):set_generated()
  end
  return about
end

local function show_data(tree, tvb, at, count, about)
  if count == 0 then return end
  local item = tree:add(card_all.get("data"), tvb(at, count))
  item:append_text(" (" .. about.command.w[3] .. ")")
  if is_masked(tvb(at, count)) then item:set_text(about.command.w[3] .. ": ***") end
end

-- Data objects in the answer to SELECT.
local function show_fci(tree, tvb, at, stop)
  while at < stop do
    local begin, tag = at, tvb(at, 1):uint()
    local constructed = floor(tag / 32) % 2 == 1
    at = at + 1
    while tag % 32 == 31 and at < stop and at == begin + 1 do
      tag = tag * 256 + tvb(at, 1):uint()
      at = at + 1
    end
    if at >= stop then return false end
    local length = tvb(at, 1):uint()
    at = at + 1
    if length == 0x81 and at < stop then
      length = tvb(at, 1):uint()
      at = at + 1
    end
    if at + length > stop then return false end
    local title = string.format("%X %s", tag, FCI[tag] or "data object")
    local item = tree:add(card_all.get("object"), tvb(begin, at + length - begin))
    item:set_text(title .. (constructed and "" or ": " .. (length > 0 and hex_of(tvb(at, length)) or "")))
    if constructed then show_fci(item, tvb, at, at + length) end
    at = at + length
  end
  return true
end

local function show_record(tree, tvb, at, count, about)
  if count < 2 or tvb(at + 1, 1):uint() ~= count - 2 then return nil end
  local tag = tvb(at, 1):uint()
  local file = about.fid and FILES[about.df] and FILES[about.df][about.fid]
  local record = file and file.records[tag] or TAGS[tag]
  local name = record and record.n ~= "" and record.n or string.format("element %02X", tag)
  tree:add(card_all.get("tag"), tvb(at, 1)):append_text(" (" .. name .. ")")
  tree:add(card_all.get("size"), tvb(at + 1, 1))
  local stop = at + count
  while stop > at + 2 and record and record.f == "text" and tvb(stop - 1, 1):uint() == 0 do stop = stop - 1 end
  if count > 2 then
    local range = tvb(at + 2, count - 2)
    local item
    if record and record.f == "text" then
      item = stop > at + 2 and tree:add_packet_field(card_all.get("value"), tvb(at + 2, stop - at - 2), ENC_GB18030)
        or tree:add(card_all.get("value"), range, "")
      item:set_len(count - 2)
    elseif record and record.f == "digits" then
      item = tree:add(card_all.get("value"), range, (digits(tvb, 2 * (at + 2), 2 * (at + count)):gsub("F+$", "")))
    else
      item = tree:add(card_all.get("value"), range, hex_of(range))
    end
    if is_masked(range) then item:set_text("value: ***") end
  end
  tree:add(card_all.get("record"), tvb(at, count), name):set_generated()
  return name
end

-- Data and status word of an answer.
local function show_answer(tree, tvb, at, count, about)
  local words
  if count > 2 then
    local length = count - 2
    local item = tree:add(card_all.get("response"), tvb(at, length))
    item:append_text(" (" .. about.command.w[4] .. ")")
    if about.ins == SELECT then
      show_fci(item, tvb, at, at + length)
    elseif about.command.w[4] == "record" or about.command.w[4] == "response" then
      words = show_record(item, tvb, at, length, about)
    end
  end
  local sw = tvb(at + count - 2, 2)
  tree:add(card_all.get("sw"), sw):append_text(" (" .. meaning_of(sw:uint()) .. ")")
  tree:add(card_all.get("meaning"), sw, meaning_of(sw:uint())):set_generated()
  return words, sw:uint()
end

-- A card follows a SELECT that it carried out.
local function follow(state, about, sw)
  if about.next and (sw == 0x9000 or floor(sw / 256) == 0x61) then state.df, state.fid = about.next.df, about.next.fid end
end

-- Keeps for later passes what a packet followed.
local function at_first(pinfo, way, make)
  if not kept[pinfo.number] then kept[pinfo.number] = make(state_of(way)) end
  return kept[pinfo.number]
end

local function copy(state) return { df = state.df, fid = state.fid, asked = state.asked } end

local function wrong_apdu(tree, range, why)
  tree:add(card_all.get("undecoded"), range):add_proto_expert_info(bad_apdu, why)
end

-- How a title ends.
local function told(pinfo, tree, about, words, sw)
  local more = about.words and not about.name:find(about.words, 1, true)
  local text = about.name .. (more and " " .. about.words or "") .. (words and " " .. words or "")
  if sw then text = text .. string.format(": %04X %s", sw, meaning_of(sw)) end
  tree:append_text(": " .. text)
  pinfo.cols.info = text
end

-- CLA INS P1 P2 P3, command data, response data, status word.
local function joined(tvb, pinfo, parent)
  pinfo.cols.protocol = "Qiyong card"
  local tree = parent:add(card, tvb())
  if tvb:len() < 7 then return wrong_apdu(tree, tvb(), "an exchange has seven bytes at least") end
  local before = at_first(pinfo, "joined", copy)
  local p3, count = tvb(4, 1):uint(), 0
  if TAKES_DATA[tvb(1, 1):uint()] and 5 + p3 + 2 <= tvb:len() then count = p3 end
  local about = show_command(tree, tvb, 0, 5 + count, 5, count, before)
  tree:add(card_all.get("p3"), tvb(4, 1)):append_text(count > 0 and " (Lc)" or " (Le)")
  show_data(tree, tvb, 5, count, about)
  local words, sw = show_answer(tree, tvb, 5 + count, tvb:len() - 5 - count, about)
  if not pinfo.visited then follow(state_of("joined"), about, sw) end
  told(pinfo, tree, about, words, sw)
end

-- A command by itself: CLA INS P1 P2, Lc and data if there are any, Le if an answer is expected. Lengths of an extended command
-- have 00 and two bytes; Le has no 00 of its own after data.
local function command_alone(tvb, pinfo, parent)
  local tree = parent:add(card, tvb())
  local length, count, at, le = tvb:len(), 0, 5, 1
  if length < 4 then return wrong_apdu(tree, tvb(), "a command has four bytes at least") end
  if length >= 7 and tvb(4, 1):uint() == 0 then
    at, le = 7, length == 7 and 3 or 2
    if length > 7 then count = tvb(5, 2):uint() end
  elseif length > 5 then
    count = tvb(4, 1):uint()
  end
  if count > 0 and length ~= at + count and length ~= at + count + le or count == 0 and length > 5 and length ~= 7 then
    return wrong_apdu(tree, tvb(), "Lc is not the length of the data")
  end
  local before = at_first(pinfo, "alone", copy)
  local about = show_command(tree, tvb, 0, length, at, count, before)
  local kind = at == 7 and "extended_" or ""
  if count > 0 then tree:add(card_all.get(kind .. "lc"), tvb(4, at - 4)) end
  show_data(tree, tvb, at, count, about)
  if length > 4 and (count == 0 or length == at + count + le) then
    tree:add(card_all.get(kind .. "le"), tvb(length - le, le))
  end
  if not pinfo.visited then state_of("alone").asked = about end
  told(pinfo, tree, about)
end

-- An answer by itself, to the command before it.
local function answer_alone(tvb, pinfo, parent)
  local tree = parent:add(card, tvb())
  if tvb:len() < 2 then return wrong_apdu(tree, tvb(), "an answer has a status word") end
  local before = at_first(pinfo, "alone", copy)
  local about = before.asked or { ins = 0, name = "?", command = { w = { "", "", "", "response data" } } }
  tree:add(card_all.get("answer_to"), tvb(), about.name):set_generated()
  local words, sw = show_answer(tree, tvb, 0, tvb:len(), about)
  if not pinfo.visited then follow(state_of("alone"), about, sw) end
  told(pinfo, tree, about, words, sw)
end

-- A new card: nothing is selected.
local function reset(pinfo, way)
  if not pinfo.visited then known[way] = nil end
end

local atr = Dissector.get("iso7816.atr")

-- Wireshark's own dissector; it fails where the bytes end too early.
local function show_atr(tvb, pinfo, tree)
  if not pcall(function() atr:call(tvb, pinfo, tree) end) then
    wrong_apdu(tree:add(card, tvb()), tvb(), "the answer to reset is cut short")
  end
end

function card.dissector(tvb, pinfo, tree)
  joined(tvb, pinfo, tree)
  return tvb:len()
end

local alone = Proto("qiyong.apdu", "Social security card, a command or an answer")
function alone.dissector(tvb, pinfo, tree)
  pinfo.cols.protocol = "Qiyong card"
  if pinfo.p2p_dir == P2P_DIR_RECV then answer_alone(tvb, pinfo, tree) else command_alone(tvb, pinfo, tree) end
  return tvb:len()
end

local answer_to_reset = Proto("qiyong.atr", "Social security card, answer to reset")
function answer_to_reset.dissector(tvb, pinfo, tree)
  reset(pinfo, "alone")
  show_atr(tvb, pinfo, tree)
  return tvb:len()
end

local gsmtap = Proto("qiyong.gsmtap", "GSMTAP with a social security card")
local original = DissectorTable.get("udp.port"):get_dissector(4729)
function gsmtap.dissector(tvb, pinfo, tree)
  local words = tvb:len() >= 16 and tvb(1, 1):uint() or 0
  if not card.prefs.gsmtap or tvb:len() < 16 or words < 4 or tvb:len() <= 4 * words or tvb(2, 1):uint() ~= 4 then
    return original and original:call(tvb, pinfo, tree) or 0
  end
  local payload = tvb(4 * words):tvb()
  tree:add(gsmtap, tvb(0, 4 * words))
  if tvb(12, 1):uint() == 1 then
    reset(pinfo, "joined")
    show_atr(payload, pinfo, tree)
  else
    joined(payload, pinfo, tree)
  end
  return tvb:len()
end

DissectorTable.get("udp.port"):add(4729, gsmtap)
DissectorTable.get("wtap_encap"):add(wtap.USER0, answer_to_reset)
DissectorTable.get("wtap_encap"):add(wtap.USER1, alone)
