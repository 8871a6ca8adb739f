-- The version of the record under `key`, or nil if there is none of this format or it ended. The header is
-- described in layout.rs.
local function live(key, now)
  local header = redis.call('GETRANGE', key, 0, 80)
  if #header < 81 or string.byte(header, 1) ~= 1 or struct.unpack('>I8', header, 10) <= now then
    return nil, header
  end
  return string.sub(header, 2, 9), header
end
