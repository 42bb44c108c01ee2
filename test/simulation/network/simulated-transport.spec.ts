import { asyncScheduler, firstValueFrom } from 'rxjs';
import { PERFECT } from './conditions';
import { Random } from '../random';
import { SimulatedNetwork } from './simulated-network';
import { describeTransport } from '../../transport/transport-contract';
import { closedLater, leavesNothingOpen, Reception } from '../../transport/support';

leavesNothingOpen();

// In real time, so that what is true of sockets is asked of it in the same way.
describe('a simulated transport, on a network that does no harm', () => {
  describeTransport({
    heardOfDestroy: 'end',
    async connect({ pressure = PERFECT.pressure, closeTimeoutMs = PERFECT.closeTimeoutMs } = {}) {
      const network = new SimulatedNetwork({
        scheduler: asyncScheduler,
        random: new Random(1),
        conditions: { ...PERFECT, pressure, closeTimeoutMs },
      });
      const endpoint = network.endpoint('tcp');
      const reception = closedLater(new Reception(endpoint.listen()));
      const connected = await firstValueFrom(endpoint.connect());
      closedLater(connected);
      return { connected, accepted: await reception.accept() };
    },
  });
});
