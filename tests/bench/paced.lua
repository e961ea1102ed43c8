-- For wrk: a steady rate over all of a thread's connections together. Its arguments, after "--": requests a second, and
-- a file whose lines are posted in turn (without it, it gets).
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long ns; } moment; int clock_gettime(int clock, moment *now);")
local monotonic, now = 1, ffi.new("moment")
local rate, bodies, began
local sent, waited = 0, 0

local function milliseconds()
  ffi.C.clock_gettime(monotonic, now)
  return tonumber(now.s) * 1e3 + tonumber(now.ns) / 1e6
end

function init(arguments)
  rate, bodies = tonumber(arguments[1]), {}
  if arguments[2] then
    for line in io.lines(arguments[2]) do
      bodies[#bodies + 1] = wrk.format("POST", nil, nil, line)
    end
  else
    bodies[1] = wrk.format("GET")
  end
end

-- Asked before each request: how long that connection waits. Who is behind the rate does not wait.
function delay()
  began = began or milliseconds()
  waited = waited + 1
  return math.max(0, began + waited * 1e3 / rate - milliseconds())
end

function request()
  sent = sent + 1
  return bodies[(sent - 1) % #bodies + 1]
end
