-- Sets a mark. KEYS: mark. ARGV: who sets it (8 bytes) and its end (8 bytes), now, time to live in ms.
-- Returns 1 to the one who set it.
local found = redis.call('GET', KEYS[1])
if found == ARGV[1] then
  return 1 -- this very call, sent again after its answer was lost
end
if found and (#found ~= 16 or struct.unpack('>I8', found, 9) > tonumber(ARGV[2])) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1
