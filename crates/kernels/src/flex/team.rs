//! Threads that stay awake between many short parallel steps.
//!
//! Handing work to a sleeping thread costs a system call and tens of microseconds until it runs, more than
//! many layers of a network take on one image. A team is led by the thread that calls [`lead`]; idle threads
//! of rayon's pool join it, and wait for the next step on a shared word instead of in the kernel. Nobody
//! waits for a thread that does not come: the leader takes pieces like every member, so a pool that is busy
//! elsewhere costs speed alone; a member that finds no work for long goes back to the pool.
//!
//! A step is published as a word of its number (upper half) and how many of its pieces nobody has claimed
//! (lower half). Claiming a piece decrements the word by compare-and-swap, so a piece belongs to exactly one
//! thread, and a thread that slept through a step cannot claim from a later one by mistake. A step ends when
//! every claimed piece is done.
#![allow(unsafe_code)]

use std::{
    any::Any,
    cell::{Cell, RefCell, UnsafeCell},
    hint::spin_loop,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

/// Rounds of waiting before a thread offers its processor to others between rounds: some microseconds, so
/// that threads in excess of processors make progress.
const SPINS: usize = 2000;
/// Rounds without work after which a member leaves: some milliseconds.
const PATIENCE: usize = 20_000;

const UNCLAIMED: u64 = u32::MAX as u64;
const STEP: u64 = 1 << 32;

type Work<'a> = dyn Fn(usize) + Sync + 'a;

/// One step's work and its number of pieces.
#[derive(Clone, Copy)]
struct Job {
    work: *const Work<'static>,
    count: usize,
}

struct Team {
    /// Number of the step and pieces nobody has claimed.
    state: AtomicU64,
    /// Pieces of the step that are not done.
    pending: AtomicUsize,
    /// Written by the leader between steps, read by those who claimed a piece.
    job: UnsafeCell<Option<Job>>,
    closed: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `job` is written by the leader alone, while no piece is claimed or claimable, and read only by
// threads that claimed a piece of the step it was written for; `state` and `pending` order the two. Its
// pointer is to a function that may be shared.
unsafe impl Sync for Team {}
// SAFETY: as above.
unsafe impl Send for Team {}

thread_local! {
    static LED: RefCell<Option<Arc<Team>>> = const { RefCell::new(None) };
    static IN_A_PIECE: Cell<bool> = const { Cell::new(false) };
}

impl Team {
    /// Claims and does one piece, if there is one.
    fn work(&self) -> bool {
        let mut state = self.state.load(Ordering::Acquire);
        loop {
            if state & UNCLAIMED == 0 {
                return false;
            }
            match self.state.compare_exchange_weak(state, state - 1, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        // SAFETY: a piece of this step is claimed and not done, so the leader waits in `share`: it does not
        // write `job`, and the function it points to lives. It was written before the state that was claimed
        // from, which this thread acquired.
        let done = unsafe {
            let Job { work, count } = (*self.job.get()).expect("a step has a job");
            let index = count - (state & UNCLAIMED) as usize;
            IN_A_PIECE.set(true);
            catch_unwind(AssertUnwindSafe(|| (*work)(index)))
        };
        IN_A_PIECE.set(false);
        if let Err(payload) = done {
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
        }
        self.pending.fetch_sub(1, Ordering::Release);
        true
    }

    /// What a member does until the team is closed.
    fn serve(&self) {
        let mut waited = 0;
        while waited < PATIENCE && !self.closed.load(Ordering::Acquire) {
            if self.work() {
                waited = 0;
            } else {
                wait(&mut waited);
            }
        }
    }
}

fn wait(waited: &mut usize) {
    *waited += 1;
    if *waited < SPINS {
        spin_loop();
    } else {
        std::thread::yield_now();
    }
}

/// Whether the calling thread leads a team.
pub(super) fn is_led() -> bool {
    LED.with_borrow(Option::is_some)
}

/// Whether the calling thread does a piece of a team's step. What it does is not divided further: a thread
/// that waited for rayon's pool there could be made a member of another team, whose leader waits for it.
pub(super) fn in_a_piece() -> bool {
    IN_A_PIECE.get()
}

/// Calls `work(index)` for every index below `count`, on the team this thread leads; false, and nothing is
/// done, if it leads none.
///
/// # Panics
/// If `work` does, after all pieces are done.
pub(super) fn share(count: usize, work: &Work<'_>) -> bool {
    let Some(team) = LED.take() else { return false };
    assert!(u32::try_from(count).is_ok(), "a step of {count} pieces");
    // SAFETY: only the lifetime changes; this function returns when nobody uses the pointer any more.
    let work = unsafe { std::mem::transmute::<*const Work<'_>, *const Work<'static>>(work) };
    // SAFETY: the step before is done, so no piece is claimed, and none can be until `state` is stored.
    unsafe { *team.job.get() = Some(Job { work, count }) };
    team.pending.store(count, Ordering::Relaxed);
    let step = team.state.load(Ordering::Relaxed) & !UNCLAIMED;
    team.state.store(step.wrapping_add(STEP) | count as u64, Ordering::Release);
    while team.work() {}
    let mut waited = 0;
    while team.pending.load(Ordering::Acquire) > 0 {
        wait(&mut waited);
    }
    let panic = team.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
    LED.set(Some(team));
    if let Some(payload) = panic {
        resume_unwind(payload);
    }
    true
}

/// Runs `work` as the leader of a team of this thread and at most `helpers` idle threads of rayon's pool.
pub(crate) fn lead<R>(helpers: usize, work: impl FnOnce() -> R) -> R {
    /// Dismisses the team, also where `work` panics.
    struct Dismissal(Arc<Team>);
    impl Drop for Dismissal {
        fn drop(&mut self) {
            self.0.closed.store(true, Ordering::Release);
            LED.take();
        }
    }

    let helpers = helpers.min(rayon::current_num_threads() - 1);
    if helpers == 0 || is_led() || in_a_piece() {
        return work();
    }
    let team = Arc::new(Team {
        state: AtomicU64::new(0),
        pending: AtomicUsize::new(0),
        job: UnsafeCell::new(None),
        closed: AtomicBool::new(false),
        panic: Mutex::new(None),
    });
    for _ in 0..helpers {
        let team = team.clone();
        rayon::spawn(move || team.serve());
    }
    LED.set(Some(team.clone()));
    let _dismissal = Dismissal(team);
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
    }

    #[test]
    fn every_piece_of_every_step_is_done_once() {
        for threads in [1, 2, 3, 8] {
            with_threads(threads, || {
                lead(7, || {
                    for step in 0..3000_usize {
                        let count = step % 7 + 2;
                        let done: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
                        let work = |index: usize| {
                            done[index].fetch_add(step + 1, Ordering::Relaxed);
                        };
                        if !share(count, &work) {
                            (0..count).for_each(work);
                        }
                        assert!(done.iter().all(|done| done.load(Ordering::Relaxed) == step + 1));
                    }
                });
                assert!(!is_led());
            });
        }
    }

    #[test]
    fn work_that_would_divide_itself_is_done_and_teams_may_exist_side_by_side() {
        with_threads(4, || {
            let total = AtomicUsize::new(0);
            rayon::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|_| {
                        lead(3, || {
                            for _ in 0..50 {
                                let inner = |index: usize| {
                                    total.fetch_add(index, Ordering::Relaxed);
                                };
                                let outer = |_: usize| crate::flex::parallel::for_each_index(5, inner);
                                assert!(share(3, &outer));
                            }
                        });
                    });
                }
            });
            assert_eq!(total.into_inner(), 4 * 50 * 3 * 10);
        });
    }

    #[test]
    fn a_panic_in_a_piece_reaches_the_leader_and_leaves_no_team() {
        with_threads(3, || {
            let outcome = catch_unwind(|| {
                lead(2, || share(8, &|index| assert_ne!(index, 5, "the fifth")));
            });
            assert!(outcome.is_err());
            assert!(!is_led());
        });
    }
}
