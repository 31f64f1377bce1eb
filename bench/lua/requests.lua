-- Whole requests from a file, once each, in the file's order: before each stands a line with its length in bytes. Args are
-- the file, how many there are, and the statuses that count as answers. Whoever has none left is quiet; when all are
-- answered it says so.
dofile(debug.getinfo(1, 'S').source:match('^@(.*/)') .. 'report.lua')

local requests, left
local counts = {}
local tried, ended = false, false
local idle = 'GET /livez HTTP/1.1\r\nhost: bench\r\n\r\n'

function init(args)
  requests = assert(io.open(args[1], 'rb'))
  left = tonumber(args[2])
  for at = 3, #args do counts[tonumber(args[at])] = true end
end

function request()
  -- wrk looks at one request before it begins, and does not send it.
  if not tried then
    tried = true
    return idle
  end
  local length = requests:read()
  if length == nil then
    ended = true
    return idle
  end
  return requests:read(tonumber(length))
end

function delay() return ended and QUIET_MS or 0 end

function response(status)
  if not counts[status] then return end
  left = left - 1
  if left == 0 then
    io.write('all answered\n')
    io.flush()
  end
end
