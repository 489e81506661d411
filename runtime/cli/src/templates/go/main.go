// Counts the words of its input. A job is an ordinary program: stdin is the input, stdout the output, stderr the log, and
// the exit code says how it ended.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

type out struct {
	Task    string `json:"task"`
	Words   int    `json:"words"`
	Longest string `json:"longest"`
}

func main() {
	result := out{Task: os.Getenv("SUBLET_TASK_INDEX")}
	words := bufio.NewScanner(os.Stdin)
	words.Split(bufio.ScanWords)
	for words.Scan() {
		result.Words++
		if word := words.Text(); len(word) > len(result.Longest) {
			result.Longest = word
		}
	}
	if err := words.Err(); err != nil {
		fail(75, "the input cannot be read: %v", err) // 75: another attempt may help
	}
	if result.Words == 0 {
		fail(3, "there are no words")
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(75, "the output cannot be written: %v", err)
	}
}

func fail(code int, format string, values ...any) {
	fmt.Fprintf(os.Stderr, "error: "+format+"\n", values...)
	os.Exit(code)
}
