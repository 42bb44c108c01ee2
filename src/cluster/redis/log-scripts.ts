// What Redis does with sessions, in one step each: whoever writes hears at once whether it still may.

/**
 * Takes a batch of updates, packed as `packUpdates` does; one number for each: 0 or more for the number of the newest
 * result that is there, where it is another than was thought, else a verdict. Their keys follow from the prefix, which is
 * the one key: they are all of one slot. Of what is over after another node had it stays whose it was, as long as
 * it would have been kept: that node may stand still, and is to hear that the session is not its own.
 */
export const APPEND = `
local KEPT, FENCED, MISSING, OVER, WHOLE, ASK = -1, -2, -3, 0, 1, 3
local prefix, batch, at, verdicts = KEYS[1], ARGV[1], 1, {}
while at <= #batch do
  local kind, id, epoch, node
  kind, id, epoch, node, at = struct.unpack('<BI4I4I2c0', batch, at)
  local session, results = prefix .. 'session:' .. id, prefix .. 'results:' .. id
  local before, after, last, trim, ttl, put, taken, packets = 0, 0, 0, 0, 0, {}, {}, ''
  if kind ~= OVER then
    local tokens, fields
    before, after, last, trim, ttl, tokens, fields, at = struct.unpack('<dddddI2c0I4', batch, at)
    put = { 'node', node, 'epoch', epoch, 'last', string.format('%.0f', last), 'updates', before + 1 }
    if #tokens > 0 then put[9], put[10] = 'tokens', tokens end
    for _ = 1, fields do
      local name, isPut, value
      name, isPut, value, at = struct.unpack('<I2c0BI4c0', batch, at)
      if isPut == 1 then
        put[#put + 1] = ':' .. name
        put[#put + 1] = value
      else
        taken[#taken + 1] = ':' .. name
      end
    end
    packets, at = struct.unpack('<I4c0', batch, at)
  end
  local held = redis.call('HMGET', session, 'epoch', 'last', 'node', 'updates')
  local owned = tonumber(held[1] or -1)
  local isThere, unheard = held[4], tonumber(held[4] or 0) - before
  local verdict = KEPT
  if owned > epoch or (owned == epoch and held[3] ~= node) then
    verdict = FENCED
  elseif kind == OVER then
    local left = redis.call('PTTL', session)
    redis.call('DEL', session, results)
    if epoch > 1 and left > 0 then
      redis.call('HSET', session, 'node', node, 'epoch', epoch)
      redis.call('PEXPIRE', session, left)
    end
  elseif kind ~= WHOLE and (not isThere or owned ~= epoch or (unheard ~= 0 and unheard ~= 1)) then
    verdict = MISSING
  elseif kind ~= WHOLE and tonumber(held[2]) ~= after then
    verdict = tonumber(held[2])
  elseif kind ~= ASK then
    if kind == WHOLE then redis.call('DEL', session, results) end
    if trim > 0 then redis.call('XTRIM', results, 'MINID', string.format('%.0f-%.0f', epoch, trim + 1)) end
    local added = true
    if #packets > 0 then
      added = redis.pcall('XADD', results, string.format('%.0f-%.0f', epoch, last), 'p', packets)
    end
    if type(added) == 'table' and added.err then
      -- Any other refusal says nothing of what is there: no memory, no replica. It was the first to write.
      if not added.err:find('equal or smaller', 1, true) then return added end
      verdict = MISSING
    else
      for first = 1, #put, 1000 do
        redis.call('HSET', session, unpack(put, first, math.min(first + 999, #put)))
      end
      for first = 1, #taken, 1000 do
        redis.call('HDEL', session, unpack(taken, first, math.min(first + 999, #taken)))
      end
      redis.call('PEXPIRE', session, ttl)
      redis.call('PEXPIRE', results, ttl)
    end
  end
  verdicts[#verdicts + 1] = verdict
end
return verdicts
`;

/** Makes a session another node's, and gives all that there is of it; nothing where it may not. */
export const TAKE_OVER = `
local prefix, id, node, epoch, to, tokens = KEYS[1], unpack(ARGV)
local session = prefix .. 'session:' .. id
local held = redis.call('HMGET', session, 'node', 'epoch', 'tokens')
if held[1] ~= node or held[2] ~= epoch or not held[3] then return false end
redis.call('HSET', session, 'node', to, 'epoch', tonumber(epoch) + 1, 'tokens', tokens)
return { redis.call('HGETALL', session), redis.call('XRANGE', prefix .. 'results:' .. id, '-', '+') }
`;
