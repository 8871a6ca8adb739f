-- Removes a record if it carries the index.
-- KEYS: record. ARGV: index, now. Returns how many live records went.
local version, header = live(KEYS[1], tonumber(ARGV[2]))
if string.sub(header, 18, 49) ~= ARGV[1] and string.sub(header, 50, 81) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
return version and 1 or 0
