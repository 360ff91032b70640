// Creates the three resources of N repls with client-go, as a Go program of the same job would: typed objects, one shared
// client. Prints one JSON line with what the N took, after a warm-up that does not count.
// Arguments: kubeconfig, namespace, template, how the repls' names begin, starts to warm up, starts to count, starts under way at the same
// time, "protobuf" or, for an API server that knows none, "json", and "wait" to hold each start until its Deployment is available, as
// two informers tell, of Deployments and of pods: what a program watches that can also say why a start fails.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

type result struct {
	CPUMs   float64 `json:"cpuMs"`
	Seconds float64 `json:"seconds"`
}

func main() {
	kubeconfig, namespace := os.Args[1], os.Args[2]
	template, err := os.ReadFile(os.Args[3])
	check(err)
	name := os.Args[4]
	warmUp, count, parallel := number(5), number(6), number(7)

	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	check(err)
	if os.Args[8] == "json" {
		config.ContentType, config.AcceptContentTypes = "application/json", "application/json"
	}
	config.QPS = -1 // Its own rate limit would be what is measured.
	client, err := kubernetes.NewForConfig(config)
	check(err)
	var documents []string // Parsed once: reading YAML again for each start would be the larger part of its cost.
	for _, document := range bytes.Split(template, []byte("\n---\n")) {
		text, err := yaml.YAMLToJSON(document)
		check(err)
		documents = append(documents, string(text))
	}

	start := func(repl string) { create(client, namespace, documents, repl) }
	if len(os.Args) > 9 && os.Args[9] == "wait" {
		available := watch(client, namespace)
		start = func(repl string) {
			told := available.of(repl)
			create(client, namespace, documents, repl)
			<-told
		}
	}
	run(start, name+"-warm", warmUp, parallel)
	cpu, since := cpuTime(), time.Now()
	run(start, name, count, parallel)
	check(json.NewEncoder(os.Stdout).Encode(result{
		CPUMs:   float64((cpuTime() - cpu).Microseconds()) / 1000,
		Seconds: time.Since(since).Seconds(),
	}))
}

func run(start func(repl string), name string, count, parallel int) {
	next := make(chan int)
	var group sync.WaitGroup
	for range parallel {
		group.Go(func() {
			for i := range next {
				start(fmt.Sprintf("%s-%d", name, i))
			}
		})
	}
	for i := range count {
		next <- i
	}
	close(next)
	group.Wait()
}

func create(client kubernetes.Interface, namespace string, documents []string, repl string) {
	ctx, options := context.Background(), metav1.CreateOptions{}
	render := func(document string, object any) {
		check(json.Unmarshal([]byte(strings.ReplaceAll(document, "service_name", repl)), object))
	}
	var deployment appsv1.Deployment
	render(documents[0], &deployment)
	_, err := client.AppsV1().Deployments(namespace).Create(ctx, &deployment, options)
	check(err)
	var service corev1.Service
	render(documents[1], &service)
	_, err = client.CoreV1().Services(namespace).Create(ctx, &service, options)
	check(err)
	var ingress networkingv1.Ingress
	render(documents[2], &ingress)
	_, err = client.NetworkingV1().Ingresses(namespace).Create(ctx, &ingress, options)
	check(err)
}

// awaited has a channel for each Deployment that a start waits for, closed once it is available.
type awaited struct{ channels sync.Map }

func (a *awaited) of(name string) <-chan struct{} {
	told := make(chan struct{})
	a.channels.Store(name, told)
	return told
}

func (a *awaited) look(object any) {
	deployment := object.(*appsv1.Deployment)
	for _, condition := range deployment.Status.Conditions {
		if condition.Type == appsv1.DeploymentAvailable && condition.Status == corev1.ConditionTrue {
			if told, waits := a.channels.LoadAndDelete(deployment.Name); waits {
				close(told.(chan struct{}))
			}
		}
	}
}

func watch(client kubernetes.Interface, namespace string) *awaited {
	result, ctx := &awaited{}, context.Background()
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	_, err := factory.Apps().V1().Deployments().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    result.look,
		UpdateFunc: func(_, object any) { result.look(object) },
	})
	check(err)
	factory.Core().V1().Pods().Informer()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return result
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func number(index int) int {
	value, err := strconv.Atoi(os.Args[index])
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
