// Command podsecurity tells what the Pod Security profile "restricted" says of Pod specs about running as root.
//
// It reads one JSON object a line, {"spec": <core/v1 PodSpec>}, and answers each with one line,
// {"allowed": <bool>, "reasons": [<string>]}: the two controls runAsNonRoot and runAsUser in their newest versions,
// as the API server itself would judge. The tests compare our own judgement with it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/policy"
)

type question struct {
	Spec corev1.PodSpec `json:"spec"`
}

type answer struct {
	Allowed bool     `json:"allowed"`
	Reasons []string `json:"reasons"`
}

func newest(check policy.Check) policy.CheckPodFn {
	return check.Versions[len(check.Versions)-1].CheckPod
}

func main() {
	checks := []policy.CheckPodFn{newest(policy.CheckRunAsNonRoot()), newest(policy.CheckRunAsUser())}
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fail(err)
		}
		said := answer{Allowed: true, Reasons: []string{}}
		for _, check := range checks {
			if result := check(&metav1.ObjectMeta{}, &asked.Spec); !result.Allowed {
				said.Allowed = false
				said.Reasons = append(said.Reasons, result.ForbiddenReason)
			}
		}
		if err := out.Encode(said); err != nil {
			fail(err)
		}
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
