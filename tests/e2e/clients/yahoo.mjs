// What yahoo-finance2 makes of answers: reads asks as JSON lines on stdin ({"chart": […]}, {"quote": […]}, {"search": […]}, the arguments
// of the client's functions) and writes what the client gives, or its error, a line each. VENDOR is where every request goes.
import readline from 'node:readline'

const vendor = new URL(process.env.VENDOR)
const real = globalThis.fetch
// The client knows Yahoo's hosts only; whatever it asks of them is asked of the stand-in.
globalThis.fetch = (address, options) => {
  const url = new URL(address)
  if (!url.hostname.endsWith('yahoo.com')) throw new Error(`asked ${url.hostname}`)
  url.protocol = vendor.protocol
  url.host = vendor.host
  return real(url, options)
}
const { default: YahooFinance } = await import('yahoo-finance2')
const yahoo = new YahooFinance({ suppressNotices: ['yahooSurvey', 'ripHistorical'], versionCheck: false })

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [[name, args]] = Object.entries(JSON.parse(line))
  let said
  try {
    // Recordings of single fields are no whole quotes, which its own validation says at length.
    const options = name === 'chart' ? [args[0], { ...args[1], period1: new Date(args[1].period1), period2: new Date(args[1].period2) }] : args
    said = { value: await yahoo[name](...options, ...(options.length < 2 ? [{}] : []), { validateResult: false }) }
  } catch (error) {
    said = { error: `${error.name}: ${error.message}` }
  }
  process.stdout.write(JSON.stringify(said) + '\n')
}
