-- Whether a record is live and carries the index. KEYS: record. ARGV: index, now. Returns 1 if so.
local version, header = live(KEYS[1], tonumber(ARGV[2]))
local carries = string.sub(header, 18, 49) == ARGV[1] or string.sub(header, 50, 81) == ARGV[1]
return version and carries and 1 or 0
