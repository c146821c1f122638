-- For wrk: sends each line of a file ("signature<TAB>body") as one signed webhook, none twice.
-- Arguments after "--": the file, the first line to send, the number of threads, and a database for Odoo or "".

local counter = 0

function setup(thread)
    thread:set("number", counter)
    counter = counter + 1
end

function init(args)
    local first, step = tonumber(args[2]), tonumber(args[3])
    webhooks, sent = {}, 0
    local line = 0
    for text in io.lines(args[1]) do
        if line >= first and (line - first) % step == number then
            local signature, body = text:match("^(%S+)\t(.*)$")
            webhooks[#webhooks + 1] = { signature, body }
        end
        line = line + 1
    end
    database = args[4] or ""
end

function request()
    sent = sent + 1
    local webhook = webhooks[sent]
    if webhook == nil then
        return wrk.format("POST", "/no-webhook-is-left") -- counted as an error
    end
    local headers = { ["Authorization"] = webhook[1], ["Content-Type"] = "application/json" }
    if database ~= "" then
        headers["X-Odoo-Database"] = database
    end
    return wrk.format("POST", nil, headers, webhook[2])
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "seconds": %.6f, "median_ms": %.4f, "p99_ms": %.4f, "refused": %d, "broken": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout
    ))
end
