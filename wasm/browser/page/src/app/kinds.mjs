// The kinds that mean the same in every store.

const NAMES = {
  0x0001: 'SystemInit', 0x0002: 'SystemShutdown', 0x0003: 'SystemHeartbeat', 0x0004: 'SystemConfigChange', 0x0005: 'SystemCheckpoint',
  0x0ffe: 'Tombstone', 0x1000: 'Data', 0xd001: 'EffectError', 0xd002: 'EffectRetry', 0xd004: 'EffectAck',
  0xd005: 'EffectBackpressure', 0xd006: 'EffectCancel', 0xd007: 'EffectConflict',
}

export const nameOf = (kind) => NAMES[kind]
