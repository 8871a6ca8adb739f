-- Adds `member` to the index under `key`. Neither the member's end nor the key's is ever brought forward.
-- Members that ended before `dead` go; after the addition, since a server that is full refuses a script's first
-- write, but none after one that it allowed.
local function index(key, member, expires, dead, ttl)
  redis.call('ZADD', key, 'GT', expires, member)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', dead)
  if redis.call('PTTL', key) < tonumber(ttl) then
    redis.call('PEXPIRE', key, ttl)
  end
end
