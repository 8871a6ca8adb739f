-- KEYS: indexes. ARGV: member, its end, the end before which members are dead, time to live in ms.
for i = 1, #KEYS do
  index(KEYS[i], ARGV[1], ARGV[2], ARGV[3], ARGV[4])
end
return 1
