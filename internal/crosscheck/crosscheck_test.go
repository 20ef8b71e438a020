package crosscheck_test

import (
	"embed"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/stats"
)

func TestMain(m *testing.M) { servertest.Main(m) }

//go:embed *.sql
var statements embed.FS

const samples = 60

type database struct {
	driver.Conn
	t *testing.T
}

func connect(t *testing.T) database {
	t.Helper()
	engine := servertest.Engine(t)
	connection, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{engine.Addr},
		Auth: clickhouse.Auth{Database: servertest.Database(t, engine), Username: engine.Admin.Name, Password: engine.Admin.Password},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return database{connection, t}
}

// fill makes a table of rows.
func (d database) fill(table, columns string, rows [][]any) {
	d.t.Helper()
	if err := d.Exec(d.t.Context(), fmt.Sprintf("CREATE TABLE %s (%s) ENGINE = Memory", table, columns)); err != nil {
		d.t.Fatal(err)
	}
	batch, err := d.PrepareBatch(d.t.Context(), "INSERT INTO "+table)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, row := range rows {
		if err := batch.Append(row...); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		d.t.Fatal(err)
	}
}

// ask runs a statement and calls scan for each row.
func (d database) ask(file string, scan func(driver.Rows) error) {
	d.t.Helper()
	sql, err := statements.ReadFile(file)
	if err != nil {
		d.t.Fatal(err)
	}
	rows, err := d.Query(d.t.Context(), string(sql))
	if err != nil {
		d.t.Fatalf("%s: %v", file, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			d.t.Fatalf("%s: %v", file, err)
		}
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
}

func agree(t *testing.T, what string, inGo, inSQL float64) {
	t.Helper()
	if math.IsNaN(inGo) && math.IsNaN(inSQL) || inGo == inSQL {
		return
	}
	if !(math.Abs(inGo-inSQL) <= 1e-9*math.Max(1, math.Abs(inGo))) {
		t.Errorf("%s: %.15g in Go, %.15g in SQL", what, inGo, inSQL)
	}
}

func TestPowerLawAndLaplace(t *testing.T) {
	d := connect(t)
	r := rand.New(rand.NewPCG(1, 1))
	var rows [][]any
	times, ends := make([][]float64, samples), make([]float64, samples)
	for s := range samples {
		ends[s] = 1 + 1000*r.Float64()
		for range 1 + r.IntN(60) {
			at := ends[s] * math.Pow(r.Float64(), 0.3+2*r.Float64())
			times[s] = append(times[s], at)
			rows = append(rows, []any{uint32(s), at, ends[s]})
		}
	}
	d.fill("failure", "sample UInt32, t Float64, ends Float64", rows)
	n := 0
	d.ask("power_law.sql", func(row driver.Rows) error {
		var s uint32
		var beta, laplace float64
		err := row.Scan(&s, &beta, &laplace)
		n++
		agree(t, fmt.Sprint("β of sample ", s), stats.CrowAMSAA(times[s], ends[s], false).Beta, beta)
		agree(t, fmt.Sprint("Laplace of sample ", s), stats.Laplace(times[s], ends[s], false), laplace)
		return err
	})
	if n != samples {
		t.Errorf("%d samples came back", n)
	}
}

func TestWilson(t *testing.T) {
	d := connect(t)
	r := rand.New(rand.NewPCG(2, 1))
	var rows [][]any
	shares := make([][2]int64, samples)
	for s := range samples {
		n := 1 + r.Int64N(1000)
		shares[s] = [2]int64{[]int64{0, n, r.Int64N(n + 1)}[s%3], n}
		rows = append(rows, []any{uint32(s), float64(shares[s][0]), float64(n)})
	}
	d.fill("share", "sample UInt32, k Float64, n Float64", rows)
	n := 0
	d.ask("wilson.sql", func(row driver.Rows) error {
		var s uint32
		var low, high float64
		err := row.Scan(&s, &low, &high)
		n++
		i := stats.Wilson(shares[s][0], shares[s][1], 0.95)
		agree(t, fmt.Sprint("low of ", shares[s]), i.Low, low)
		agree(t, fmt.Sprint("high of ", shares[s]), i.High, high)
		return err
	})
	if n != samples {
		t.Errorf("%d samples came back", n)
	}
}

// Times are rounded, so that many are tied, and events tie with censorings.
func TestKaplanMeier(t *testing.T) {
	d := connect(t)
	r := rand.New(rand.NewPCG(3, 1))
	var rows [][]any
	curves := make([]stats.Survival, samples)
	for s := range samples {
		var lifetimes []stats.Lifetime
		for range 1 + r.IntN(50) {
			l := stats.Lifetime{Time: math.Ceil(30 * r.ExpFloat64()), Event: r.IntN(4) > s%4}
			lifetimes = append(lifetimes, l)
			event := uint8(0)
			if l.Event {
				event = 1
			}
			rows = append(rows, []any{uint32(s), l.Time, event})
		}
		curves[s] = stats.KaplanMeier(lifetimes)
	}
	d.fill("lifetime", "sample UInt32, t Float64, event UInt8", rows)
	n, steps := 0, 0
	for _, c := range curves {
		steps += len(c.Steps)
	}
	d.ask("kaplan_meier.sql", func(row driver.Rows) error {
		var s uint32
		var at, survival, greenwood float64
		err := row.Scan(&s, &at, &survival, &greenwood)
		n++
		agree(t, fmt.Sprintf("survival of sample %d after %v", s, at), curves[s].At(at), survival)
		for _, step := range curves[s].Steps {
			if step.Time == at && step.Survival > 0 {
				agree(t, fmt.Sprintf("standard error of sample %d after %v", s, at), step.GreenwoodSE(), survival*math.Sqrt(greenwood))
			}
		}
		return err
	})
	if n != steps {
		t.Errorf("%d of %d steps came back", n, steps)
	}
}

func TestMannKendall(t *testing.T) {
	d := connect(t)
	r := rand.New(rand.NewPCG(4, 1))
	var rows [][]any
	ranks := make([]stats.Concordance, samples)
	for s := range samples {
		var times []float64
		var levels []int
		for i := range 3 + r.IntN(60) {
			times = append(times, float64(r.IntN(20+s)))
			levels = append(levels, 1+r.IntN(5))
			rows = append(rows, []any{uint32(s), uint32(i), times[i], uint8(levels[i])})
		}
		ranks[s] = stats.Kendall(times, levels)
	}
	d.fill("graded", "sample UInt32, id UInt32, t Float64, level UInt8", rows)
	n := 0
	d.ask("mann_kendall.sql", func(row driver.Rows) error {
		var s uint32
		var score int64
		var tau float64
		err := row.Scan(&s, &score, &tau)
		n++
		agree(t, fmt.Sprint("S of sample ", s), ranks[s].S, float64(score))
		agree(t, fmt.Sprint("τ-b of sample ", s), ranks[s].TauB, tau)
		return err
	})
	if n != samples {
		t.Errorf("%d samples came back", n)
	}
}
