-- Creates a record, or replaces the one of the expected version.
-- KEYS: record, indexes. ARGV: record, expected version or '' to create, now, and as for add.lua.
-- Returns 1 when done, 0 when there is another record, -1 when there is none to replace.
local found = live(KEYS[1], tonumber(ARGV[3]))
if found == string.sub(ARGV[1], 2, 9) then
  return 1 -- this very write, sent again after its answer was lost
end
if found ~= (ARGV[2] ~= '' and ARGV[2] or nil) then
  return found and 0 or -1
end
for i = 2, #KEYS do
  index(KEYS[i], ARGV[4], ARGV[5], ARGV[6], ARGV[7])
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[7])
return 1
