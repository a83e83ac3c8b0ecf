// The same histories, checked by Porcupine: `porcupine_work [--seconds T] FILE` reads the JSON lines
// that `linearizability_work --write FILE` has written, and prints what a check took, as JSON.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"hash/maphash"
	"log"
	"math"
	"os"
	"syscall"
	"time"

	"github.com/anishathalye/porcupine"
)

type line struct {
	Process int             `json:"process"`
	Type    string          `json:"type"`
	F       string          `json:"f"`
	Key     string          `json:"key"`
	Value   json.RawMessage `json:"value"`
}

type input struct {
	f        byte // 'r', 'w', 'c' or 'a'
	key      string
	value    int // of registers: by number; 0 is nil
	expected int
	text     string // of what one appends to
}

type output struct {
	known bool
	value int
	text  string
}

type reader struct {
	numbers    map[string]int
	operations []porcupine.Operation
	appends    bool
}

func (r *reader) number(value json.RawMessage) int {
	text := string(value)
	if text == "null" || text == "" {
		return 0
	}
	if known, there := r.numbers[text]; there {
		return known
	}
	r.numbers[text] = len(r.numbers) + 1
	return len(r.numbers)
}

// A string, or "" for null: nothing was appended there.
func textOf(value json.RawMessage) string {
	var text *string
	if json.Unmarshal(value, &text) != nil || text == nil {
		return ""
	}
	return *text
}

func (r *reader) read(path string) {
	file, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<26)
	open := map[int]int{}
	for now := int64(0); lines.Scan(); now++ {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			log.Fatal(err)
		}
		if l.Type == "invoke" {
			in := input{f: l.F[0], key: l.Key}
			switch l.F {
			case "cas":
				var pair []json.RawMessage
				if json.Unmarshal(l.Value, &pair) != nil || len(pair) != 2 {
					log.Fatal("cas without [old new]")
				}
				in.expected, in.value = r.number(pair[0]), r.number(pair[1])
			case "put":
				in.f = 'w'
				in.value, in.text = r.number(l.Value), textOf(l.Value)
			case "get":
				in.f = 'r'
			case "append":
				r.appends = true
				in.text = textOf(l.Value)
			}
			open[l.Process] = len(r.operations)
			// Without a response it may happen at any time.
			r.operations = append(r.operations, porcupine.Operation{ClientId: l.Process, Input: in,
				Call: now, Output: output{}, Return: math.MaxInt64})
			continue
		}
		operation := &r.operations[open[l.Process]]
		operation.Return = now
		operation.Output = output{true, r.number(l.Value), textOf(l.Value)}
	}
}

func byKey(history []porcupine.Operation) [][]porcupine.Operation {
	places := map[string]int{}
	var parts [][]porcupine.Operation
	for _, operation := range history {
		key := operation.Input.(input).key
		place, there := places[key]
		if !there {
			place = len(parts)
			places[key] = place
			parts = append(parts, nil)
		}
		parts[place] = append(parts[place], operation)
	}
	return parts
}

var register = porcupine.Model{
	Partition: byKey,
	Init:      func() interface{} { return 0 },
	Step: func(state, in, out interface{}) (bool, interface{}) {
		now, deed, answer := state.(int), in.(input), out.(output)
		switch deed.f {
		case 'r':
			return !answer.known || answer.value == now, now
		case 'w':
			return true, deed.value
		default:
			if now == deed.expected {
				return true, deed.value
			}
			return !answer.known, now
		}
	},
	Hash: func(state interface{}) uint64 { return uint64(state.(int)) },
}

var seed = maphash.MakeSeed()

var text = porcupine.Model{
	Partition: byKey,
	Init:      func() interface{} { return "" },
	Step: func(state, in, out interface{}) (bool, interface{}) {
		now, deed, answer := state.(string), in.(input), out.(output)
		switch deed.f {
		case 'r':
			return !answer.known || answer.text == now, now
		case 'w':
			return true, deed.text
		default:
			return true, now + deed.text
		}
	},
	Hash: func(state interface{}) uint64 { return maphash.String(seed, state.(string)) },
}

// Processor time of all threads, the garbage collector's too.
func cpuSeconds() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		log.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

// The most memory that this process has had, in bytes.
func mostMemory() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	at := bytes.Index(status, []byte("VmHWM:"))
	var kilobytes int64
	if at >= 0 {
		fmt.Sscan(string(status[at+len("VmHWM:"):]), &kilobytes)
	}
	return 1024 * kilobytes
}

func main() {
	seconds := flag.Float64("seconds", 5, "after which a check is given up")
	flag.Parse()
	r := reader{numbers: map[string]int{}}
	r.read(flag.Arg(0))
	model := register
	if r.appends {
		model = text
	}
	limit := time.Duration(*seconds * float64(time.Second))
	begin := cpuSeconds()
	checks, cpu := 0, 0.0
	var found porcupine.CheckResult
	for cpu < 0.2 {
		found = porcupine.CheckOperationsTimeout(model, r.operations, limit)
		checks++
		cpu = cpuSeconds() - begin
	}
	verdict := map[porcupine.CheckResult]string{porcupine.Ok: "linearizable",
		porcupine.Illegal: "not linearizable", porcupine.Unknown: "unknown"}[found]
	fmt.Printf("{\"implementation\": \"porcupine\", \"verdict\": %q, \"checks\": %d, "+
		"\"cpuSeconds\": %g, \"operations\": %d, \"maxBytes\": %d}\n",
		verdict, checks, cpu, len(r.operations), mostMemory())
}
