-- One request for each token of a file, in the file's order: args are the file, method, path and body ('' for none), and
-- 'again' to begin anew at the file's end, or 'once' to be quiet from then on, until wrk is told to end; then, if a
-- connection is to wait before each request, for how many milliseconds in the mean.
dofile(debug.getinfo(1, 'S').source:match('^@(.*/)') .. 'report.lua')

local tokens, before, after, again
local tried, ended = false, false
local idle = 'GET /livez HTTP/1.1\r\nhost: bench\r\n\r\n'

function init(args)
  local file, method, path, body = args[1], args[2], args[3], args[4]
  tokens = assert(io.open(file))
  before = method .. ' ' .. path .. ' HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer '
  after = '\r\n\r\n'
  if body ~= '' then
    after = '\r\ncontent-type: application/json\r\ncontent-length: ' .. #body .. '\r\n\r\n' .. body
  end
  again = args[5] == 'again'
  local pause = tonumber(args[6])
  if pause then
    function delay() return math.random(math.floor(pause / 2), math.ceil(pause * 3 / 2)) end
  elseif not again then
    function delay() return ended and QUIET_MS or 0 end
  end
end

function request()
  -- wrk looks at one request before it begins, and does not send it.
  if not tried then
    tried = true
    return idle
  end
  local token = tokens:read()
  if token == nil then
    if not again then
      ended = true
      return idle
    end
    tokens:seek('set')
    token = tokens:read()
  end
  return before .. token .. after
end
