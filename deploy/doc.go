// Package deploy holds what runs tuition on servers: the compose file's parts, Prometheus's rules and their tests,
// Alertmanager's routes, ClickHouse's users. It has no code: its tests check that these fit together and fit tuition.
package deploy
