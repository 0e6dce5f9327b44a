//! What a person asks for in the lobby.

/// Something that only the call can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// To join the call.
    Join,
    /// To wait no longer.
    StopWaiting,
    /// To turn on camera and microphone.
    OpenDevices,
    /// To hide the person's IP address from the others, or not.
    HideAddress(bool),
}

/// The requests that wait for the call, in order.
#[derive(Debug, Default)]
pub(super) struct Waiting(Vec<Request>);

impl Waiting {
    /// Adds a request. A button that is pressed again, as nothing seems to happen, asks for nothing new.
    pub(super) fn add(&mut self, request: Request) {
        if !self.0.contains(&request) {
            self.0.push(request);
        }
    }

    /// Removes all requests and returns them.
    pub(super) fn take(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_handed_over_once_and_in_order() {
        let mut waiting = Waiting::default();
        let pressed = [Request::OpenDevices, Request::Join, Request::Join, Request::OpenDevices];
        pressed.into_iter().for_each(|request| waiting.add(request));
        assert_eq!(waiting.take(), [Request::OpenDevices, Request::Join]);
        assert_eq!(waiting.take(), []);
        waiting.add(Request::Join);
        assert_eq!(waiting.take(), [Request::Join], "the first one was handed over");
    }
}
