// Package dashboards holds Grafana's dashboards and their provisioning. It has
// no code: its tests try every panel against a real ClickHouse engine.
package dashboards
