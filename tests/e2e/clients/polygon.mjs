// What @polygon.io/client-js makes of answers: reads asks as JSON lines on stdin ({"getStocksAggregates": […]}, the arguments of the client's
// functions) and writes what the client gives, or its error, a line each. VENDOR is where every request goes.
import readline from 'node:readline'
import { restClient } from '@polygon.io/client-js'

const polygon = restClient('the-key', process.env.VENDOR)

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [[name, args]] = Object.entries(JSON.parse(line))
  let said
  try {
    said = { value: await polygon[name](...args) }
  } catch (error) {
    said = { error: `${error.name}: ${error.message}` }
  }
  process.stdout.write(JSON.stringify(said) + '\n')
}
