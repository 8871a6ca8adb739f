-- Adds `member` to the index under `key`. Neither the member's end nor the key's is ever brought forward.
-- Members that ended before `dead` go.
local function index(key, member, expires, dead, ttl)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', dead)
  redis.call('ZADD', key, 'GT', expires, member)
  if redis.call('PTTL', key) < tonumber(ttl) then
    redis.call('PEXPIRE', key, ttl)
  end
end
