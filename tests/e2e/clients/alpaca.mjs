// What @alpacahq/alpaca-trade-api makes of answers: reads asks as JSON lines on stdin ({"stocks.stockSnapshots": {…}}, the path of a function
// below marketData and its argument, times as RFC 3339) and writes what the client gives, or its error, a line each. VENDOR is where every
// request goes.
import readline from 'node:readline'
import { Alpaca } from '@alpacahq/alpaca-trade-api/rest'

const vendor = new URL(process.env.VENDOR)
const real = globalThis.fetch
// The client knows Alpaca's hosts only; whatever it asks of them is asked of the stand-in.
globalThis.fetch = (address, options) => {
  const url = new URL(typeof address === 'string' ? address : address.url)
  if (!url.hostname.endsWith('alpaca.markets')) throw new Error(`asked ${url.hostname}`)
  url.protocol = vendor.protocol
  url.host = vendor.host
  return real(url, options)
}
const alpaca = new Alpaca({ keyId: 'the-id', secret: 'the-secret' })

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [[path, given]] = Object.entries(JSON.parse(line))
  const request = Object.fromEntries(Object.entries(given).map(([key, value]) =>
    [key, key === 'start' || key === 'end' ? new Date(value) : value]))
  let said
  try {
    const [name, part] = path.split('.').reverse()
    const owner = part ? alpaca.marketData[part] : alpaca.marketData
    said = { value: await owner[name](request) }
  } catch (error) {
    said = { error: `${error.name}: ${error.message}` }
  }
  process.stdout.write(JSON.stringify(said) + '\n')
}
