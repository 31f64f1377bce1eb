-- Milliseconds for which a connection that has nothing left to ask is quiet: longer than any run. Asking for anything
-- else would take the cores from those that still wait for their answer.
QUIET_MS = 3600000

-- What wrk knows at its end, as one line of JSON. Times are in microseconds.
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"durationUs":%d,"failed":%d,"refused":%d,"p50":%d,"p95":%d,"p99":%d,"max":%d}\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.timeout, e.status,
    latency:percentile(50), latency:percentile(95), latency:percentile(99), latency.max
  ))
end
